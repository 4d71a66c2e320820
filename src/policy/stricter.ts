// SPDX-License-Identifier: Apache-2.0
import type { SourceRule } from './rules.ts';

/**
 * The source of a repo that is asked for under one name and has another upstream (it was renamed). It must pass under
 * both: the pattern that opens the old name may not be what the new one should come in by, and the other way round.
 * Files are chosen as the new name says, less what either excludes. Undefined where either name matches nothing.
 */
export function stricterOf(old: SourceRule | undefined, current: SourceRule | undefined): SourceRule | undefined {
  if (!old || !current || old === current) return old && current;
  return {
    ...current,
    mode: STRICTNESS.find((mode) => mode === old.mode || mode === current.mode) ?? 'deny',
    exclude: [...new Set([...current.exclude, ...old.exclude])],
    follow: old.follow,
    upstreams: both(old.upstreams, current.upstreams),
    gated: CLOSEDNESS.find((gated) => gated === old.gated || gated === current.gated) ?? 'hold',
  };
}

function both(a: SourceRule['upstreams'], b: SourceRule['upstreams']): SourceRule['upstreams'] {
  return a && b ? a.filter((name) => b.includes(name)) : (a ?? b);
}

const CLOSEDNESS = ['hold', 'granted', 'allow'] as const;
const STRICTNESS = ['deny', 'request', 'review', 'auto'] as const;
