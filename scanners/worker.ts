// SPDX-License-Identifier: Apache-2.0
// The child process that reads hostile bytes. It gets nothing but descriptors: its argument is a JSON list of
// {index, fd, size}; for each it writes one line {index, facts} to standard output, in order. It knows no path, and its
// process may read no file but these sources (src/scan/sandbox.ts). No import here may lead outside this folder.
import { writeSync } from 'node:fs';
import { extract } from './extract.ts';
import { RandomBytes } from './io/bytes.ts';

interface Job {
  readonly index: number;
  readonly fd: number;
  readonly size: number;
}

const STDOUT = 1;

for (const { index, fd, size } of JSON.parse(process.argv[2] ?? '[]') as Job[]) {
  const facts = await extract(RandomBytes.ofDescriptor(fd, size));
  writeLine(JSON.stringify({ index, facts }));
}

/** Written before the next file is begun, so that a crash there can not take this result along. */
function writeLine(text: string): void {
  let rest: Uint8Array = Buffer.from(`${text}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(STDOUT, rest));
    } catch (error) {
      // The pipe is full and does not block: the parent is slower than this, and will catch up.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
