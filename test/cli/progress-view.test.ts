// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { progressView } from '#src/cli/progress-view.ts';

const MIB = 2 ** 20;
const running = (bytesDone: number, stage = 'fetching') => ({
  state: 'running',
  intake: { stage, bytesDone, bytesTotal: 100 * MIB, filesDone: 1, filesTotal: 4, fetchSeconds: 5 },
});

function viewOn(isTTY: boolean, names: string[], columns = 100) {
  let text = '';
  let time = 0;
  const write = (more: string) => {
    text += more;
    return true;
  };
  const view = progressView({ isTTY, columns, write } as never, names, () => time);
  const taken = () => {
    const seen = text;
    text = '';
    return seen;
  };
  const later = (milliseconds: number) => {
    time += milliseconds;
  };
  return { view, taken, later };
}

describe('where a person looks on', () => {
  it('one line for each name is written over', () => {
    const { view, taken } = viewOn(true, ['acme/a@main', 'acme/b@main']);
    view.show(0, running(25 * MIB));
    expect(taken()).toBe(
      '\x1b[2Kacme/a@main  [######------------------] 25%  25.0 MiB/100.0 MiB  1/4 files  5.0 MiB/s  fetching\n\x1b[2Kacme/b@main\n',
    );
    view.show(1, { state: 'approved' });
    const again = taken();
    expect(again.startsWith('\x1b[2A\x1b[2Kacme/a@main  [######')).toBe(true);
    expect(again.endsWith('\n\x1b[2Kacme/b@main  approved\n')).toBe(true);
    view.end();
    expect(taken()).toBe('\x1b[2A\x1b[J');
  });

  it('no line is longer than the terminal, and no name moves the cursor', () => {
    const { view, taken } = viewOn(true, ['acme/\x1b[31mred@main'], 40);
    view.show(0, running(25 * MIB));
    const [line = ''] = taken().replace('\x1b[2K', '').split('\n');
    expect(line).toHaveLength(39);
    expect(line).not.toContain('\x1b');
  });
});

describe('in a log', () => {
  it('there is a line for each new stage, and one every half a minute', () => {
    const { view, taken, later } = viewOn(false, ['acme/a@main']);
    view.show(0, { state: 'running' });
    view.show(0, running(MIB));
    view.show(0, running(2 * MIB));
    expect(taken().split('\n')).toEqual(['acme/a@main  queued', expect.stringContaining(' 1%  1.0 MiB/'), '']);
    later(30_000);
    view.show(0, running(50 * MIB));
    view.show(0, running(100 * MIB, 'scanning'));
    view.show(0, { state: 'approved' });
    view.end();
    const [half, scanning, ...rest] = taken().split('\n');
    expect(half).toContain('[############------------] 50%');
    expect(scanning).toMatch(/100% .* scanning$/);
    expect(rest).toEqual(['']);
  });
});
