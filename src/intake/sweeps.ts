// SPDX-License-Identifier: Apache-2.0
import type { Intakes } from './intakes.ts';
import type { Quarantine } from './quarantine.ts';

interface SweepsDeps {
  readonly quarantineDays: number;
  readonly quarantine: Pick<Quarantine, 'sweep'>;
  readonly intakes: Pick<Intakes, 'running'>;
  readonly log: { info(details: object, text: string): void; warn(details: object, text: string): void };
}

const SWEEP_MILLISECONDS = 3_600_000;

/** Once an hour, remove what was held for longer than it is kept. What it returns ends that. */
export function startSweeps({ quarantineDays, quarantine, intakes, log }: SweepsDeps): () => void {
  async function sweep(): Promise<void> {
    const running = new Set(intakes.running().map(({ commit }) => commit));
    const before = new Date(Date.now() - quarantineDays * 86_400_000);
    const removed = await quarantine.sweep(before, (folder) =>
      [...running].some((commit) => commit !== undefined && folder.endsWith(commit)),
    );
    if (removed > 0) log.info({ removed }, 'old quarantine folders removed');
  }
  const timer = setInterval(() => {
    sweep().catch((error: unknown) => log.warn({ err: error }, 'quarantine sweep failed'));
  }, SWEEP_MILLISECONDS);
  timer.unref();
  return () => clearInterval(timer);
}
