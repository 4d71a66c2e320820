// SPDX-License-Identifier: Apache-2.0
import type { TestProject } from 'vitest/node';
import { prepareMinioBinary } from './minio.ts';
import { findPython, prepareMiniLm, prepareVenv } from './python.ts';
import { prepareRealFiles } from './real-files.ts';

/** What the set-up hands to the tests: `inject('python')`. Paths of `bin` folders, and of the real model. */
export interface PythonPaths {
  readonly 'hub-2.4': string;
  readonly 'hub-1.0': string;
  readonly 'hub-0.36': string;
  readonly 'hub-0.23': string;
  readonly verify: string;
  readonly miniLm: string;
  /** Folders of files that libraries wrote, one for each set of versions. */
  readonly realFiles: readonly string[];
}

declare module 'vitest' {
  export interface ProvidedContext {
    python: PythonPaths;
  }
}

/** Everything that needs a package registry happens here, once; the tests themselves talk to loopback alone. */
export default async function setup(project: TestProject): Promise<void> {
  const [paths] = await Promise.all([preparePython(), prepareMinioBinary()]);
  project.provide('python', paths);
}

async function preparePython(): Promise<PythonPaths> {
  const python = await findPython();
  const verify = await prepareVenv('verify', python);
  return {
    'hub-2.4': await prepareVenv('hub-2.4', python),
    'hub-1.0': await prepareVenv('hub-1.0', python),
    'hub-0.36': await prepareVenv('hub-0.36', python),
    'hub-0.23': await prepareVenv('hub-0.23', python),
    verify,
    miniLm: await prepareMiniLm(python, verify),
    realFiles: await prepareRealFiles(python),
  };
}
