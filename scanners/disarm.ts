// SPDX-License-Identifier: Apache-2.0
// Loaded before the worker, in its process. Node's permission model denies it files, network and other processes, and
// leaves what reaches a process that is there already: its parent could be killed, slowed down, or made to open its
// inspector. No parser needs any of these, so that they are gone before the first byte of a stranger is read.
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import v8 from 'node:v8';

const SIGNALS = ['kill', '_kill', '_debugProcess', '_debugEnd'];
const CREDENTIALS = ['setuid', 'seteuid', 'setgid', 'setegid', 'setgroups', 'initgroups', 'umask'];

function refuse(): never {
  throw Object.assign(new Error('A scanner process may only compute.'), { code: 'ERR_ACCESS_DENIED' });
}

function take(from: object, names: readonly string[]): void {
  for (const name of names)
    Object.defineProperty(from, name, { value: refuse, writable: false, configurable: false, enumerable: true });
}

take(process, [...SIGNALS, ...CREDENTIALS]);
take(os, ['setPriority']);
take(v8, ['setFlagsFromString']);
syncBuiltinESMExports();
