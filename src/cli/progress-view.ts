// SPDX-License-Identifier: Apache-2.0
import type * as z from 'zod';
import { bytesText } from './bytes-text.ts';
import type { intakeShape } from './intake-shape.ts';
import { printed } from './printed.ts';

/** How far one of several intakes is. */
export interface ViewedProgress {
  readonly state: string;
  readonly intake?: z.infer<typeof intakeShape> | undefined;
}

export interface ProgressView {
  show(i: number, progress: ViewedProgress): void;
  /** Leave the terminal as it was found, but for the lines that were written. */
  end(): void;
}

const BAR = 24;
/** Of a log: a line for each new stage, and one every half a minute. */
const QUIET_MILLISECONDS = 30_000;

/** A line for each name: written over where a person looks on, one below the other in a log. */
export function progressView(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>,
  names: readonly string[],
  now: () => number = Date.now,
): ProgressView {
  return stream.isTTY ? liveView(stream, names) : logView(stream, names, now);
}

function liveView(stream: Pick<NodeJS.WriteStream, 'columns' | 'write'>, names: readonly string[]): ProgressView {
  const lines = names.map((name) => printed(name));
  let drawn = 0;
  function draw(): void {
    // Longer lines would wrap, and the cursor would not find back.
    const cut = lines.map((line) => line.slice(0, (stream.columns || 80) - 1));
    const up = drawn > 0 ? `\x1b[${drawn}A` : '';
    stream.write(up + cut.map((line) => `\x1b[2K${line}\n`).join(''));
    drawn = cut.length;
  }
  return {
    show(i, progress) {
      lines[i] = `${printed(names[i] ?? '')}  ${describe(progress)}`;
      draw();
    },
    end() {
      // What follows says it all once more, with the commits.
      if (drawn > 0) stream.write(`\x1b[${drawn}A\x1b[J`);
    },
  };
}

function logView(stream: Pick<NodeJS.WriteStream, 'write'>, names: readonly string[], now: () => number): ProgressView {
  const told = new Map<number, { readonly stage: string; readonly at: number }>();
  return {
    show(i, progress) {
      if (progress.state !== 'running') return;
      const stage = progress.intake?.stage ?? 'queued';
      const before = told.get(i);
      if (before?.stage === stage && now() - before.at < QUIET_MILLISECONDS) return;
      told.set(i, { stage, at: now() });
      stream.write(`${printed(names[i] ?? '')}  ${describe(progress)}\n`);
    },
    end() {},
  };
}

function describe({ state, intake }: ViewedProgress): string {
  if (state !== 'running') return state;
  if (!intake || intake.bytesTotal === 0) return intake?.stage ?? 'queued';
  const { stage, bytesDone, bytesTotal, filesDone, filesTotal, fetchSeconds } = intake;
  const share = Math.min(1, bytesDone / bytesTotal);
  const full = Math.round(share * BAR);
  const rate = fetchSeconds >= 1 && bytesDone < bytesTotal ? `  ${bytesText(bytesDone / fetchSeconds)}/s` : '';
  const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}]`;
  return `${bar} ${Math.floor(share * 100)}%  ${bytesText(bytesDone)}/${bytesText(bytesTotal)}  ${filesDone}/${filesTotal} files${rate}  ${stage}`;
}
