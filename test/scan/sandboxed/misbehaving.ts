// SPDX-License-Identifier: Apache-2.0
// Stands in for the worker: does what the first bytes of a file say, so that the parent's supervision can be seen.
import { readSync, writeSync } from 'node:fs';

interface Job {
  readonly index: number;
  readonly fd: number;
}

const acts: Readonly<Record<string, (index: number) => void>> = {
  good: (index) => answer(index, { format: 'text', size: 4, problems: [] }),
  bomb: () => {
    const held: Buffer[] = [];
    for (;;) held.push(Buffer.alloc(16 * 1024 * 1024, 1));
  },
  heap: () => {
    const held: number[][] = [];
    for (;;) held.push(new Array(1_000_000).fill(Math.random()));
  },
  exit: () => process.exit(3),
  dies: () => process.abort(),
  hang: () => {
    for (;;);
  },
  junk: () => writeSync(1, 'no json\n'),
  liar: (index) => answer(index + 1, { format: 'text', size: 4, problems: [] }),
  form: (index) => answer(index, { format: 'text', verdict: 'pass' }),
  deep: () => writeSync(1, `{"index":0,"facts":${'{"members":['.repeat(100_000)}${']}'.repeat(100_000)}}\n`),
  long: () => {
    for (;;) writeSync(1, 'x'.repeat(65_536));
  },
};

for (const { index, fd } of JSON.parse(process.argv[2] ?? '[]') as Job[]) {
  const word = Buffer.alloc(4);
  readSync(fd, word, 0, 4, 0);
  acts[word.toString('latin1')]?.(index);
}

function answer(index: number, facts: object): void {
  writeSync(1, `${JSON.stringify({ index, facts })}\n`);
}
