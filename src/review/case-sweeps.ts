// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '#src/domain/errors.ts';
import type { Cases } from './cases.ts';

interface CaseSweepsDeps {
  readonly cases: Pick<Cases, 'sweep'>;
  readonly log: { warn(details: object, text: string): void };
}

const SWEEP_MILLISECONDS = 600_000;

/** Close forgotten cases, every ten minutes. What it returns ends that. */
export function startCaseSweeps({ cases, log }: CaseSweepsDeps): () => void {
  const timer = setInterval(() => {
    cases.sweep().catch((error: unknown) => log.warn({ err: error }, `cases were not swept: ${messageOf(error)}`));
  }, SWEEP_MILLISECONDS);
  timer.unref();
  return () => clearInterval(timer);
}
