// SPDX-License-Identifier: Apache-2.0
import { type Profiler, Session } from 'node:inspector/promises';

type Ran = Profiler.ScriptCoverage;

/** Which blocks of the scanners have run, as V8 itself counts them. */
export class Coverage {
  private readonly session = new Session();
  /** The bytes of each function's source that have run, by script and place. */
  private readonly seen = new Map<string, Uint8Array>();
  /** Of source that has run. */
  bytes = 0;

  async start(): Promise<void> {
    this.session.connect();
    await this.session.post('Profiler.enable');
    await this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  stop(): void {
    this.session.disconnect();
  }

  /** What ran since the last time. */
  async take(): Promise<Ran[]> {
    const { result } = await this.session.post('Profiler.takePreciseCoverage');
    return result.filter(({ url }) => url.includes('/scanners/') && !url.includes('/test/'));
  }

  /** Whether something ran there that had never run before. */
  isNew(ran: readonly Ran[]): boolean {
    return ran.some(({ url, functions }) => functions.some((one) => this.compare(url, one, false)));
  }

  /** Remember what ran. True when some of it is new. */
  add(ran: readonly Ran[]): boolean {
    let added = false;
    for (const { url, functions } of ran) for (const one of functions) if (this.compare(url, one, true)) added = true;
    return added;
  }

  private compare(url: string, { ranges }: Profiler.FunctionCoverage, remember: boolean): boolean {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return false;
    const from = whole.startOffset;
    const key = `${url}:${from}:${whole.endOffset}`;
    const known = this.seen.get(key) ?? new Uint8Array(whole.endOffset - from);
    // An inner range has the last word about its bytes.
    const now = new Uint8Array(known.length);
    for (const { startOffset, endOffset, count } of ranges)
      now.fill(count > 0 ? 1 : 0, startOffset - from, endOffset - from);
    let added = 0;
    for (const [i, ran] of now.entries())
      if (ran > (known[i] ?? 0)) {
        added++;
        if (remember) known[i] = 1;
      }
    if (remember) {
      this.seen.set(key, known);
      this.bytes += added;
    }
    return added > 0;
  }
}
