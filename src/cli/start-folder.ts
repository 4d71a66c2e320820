// SPDX-License-Identifier: Apache-2.0

/**
 * The folder that relative paths start at. `npm run airlock` runs in the folder of package.json, and says in INIT_CWD
 * where the person was; for any other script npm's caller means what the script wrote.
 */
export function startFolder(env: NodeJS.ProcessEnv): string {
  const { INIT_CWD, npm_lifecycle_event } = env;
  return npm_lifecycle_event === 'airlock' && INIT_CWD ? INIT_CWD : process.cwd();
}
