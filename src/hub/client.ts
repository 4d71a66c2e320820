// SPDX-License-Identifier: Apache-2.0

/** What the `User-Agent` says about the client, as far as an answer depends on it (hub-api 2.7, 5 and 7). */
export interface Client {
  readonly name: 'huggingface_hub' | 'llama.cpp' | 'other';
  /** Of huggingface_hub: major, minor. */
  readonly version?: readonly [number, number] | undefined;
}

export function parseClient(userAgent: string | undefined): Client {
  const hub = /\bhf_hub\/(\d{1,4})\.(\d{1,4})/.exec(userAgent ?? '');
  if (hub) return { name: 'huggingface_hub', version: [Number(hub[1]), Number(hub[2])] };
  return { name: userAgent?.includes('llama-cpp') ? 'llama.cpp' : 'other' };
}

/** From 2.1 on the first page of a tree is asked for again after a 503; `/revision` never is. */
export function retriesTree({ name, version }: Client): boolean {
  return name === 'huggingface_hub' && atLeast({ version }, 2, 1);
}

/** Whether the version is known, and this one or a later one. */
export function atLeast({ version }: Pick<Client, 'version'>, major: number, minor: number): boolean {
  return version !== undefined && (version[0] > major || (version[0] === major && version[1] >= minor));
}
