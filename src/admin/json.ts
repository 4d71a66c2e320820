// SPDX-License-Identifier: Apache-2.0
import type { IntakeOutcome, Progress } from '#src/intake/progress.ts';

export function progressJson(
  progress: Progress,
): Pick<Progress, 'stage'> & { kind: string; repo: string; [more: string]: unknown } {
  const { repo, ...rest } = progress;
  return { kind: repo.kind, repo: repo.id, ...rest };
}

export function outcomeJson(outcome: IntakeOutcome): { state: string; [more: string]: unknown } {
  switch (outcome.type) {
    case 'approved':
      return { state: 'approved' };
    case 'refused':
      return { state: outcome.decision.outcome, reasons: outcome.decision.reasons };
    case 'closed':
      return { state: 'closed' };
    case 'failed':
      return { state: 'failed', error: outcome.error.message };
  }
}
