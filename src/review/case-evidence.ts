// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Journal } from '#src/catalog/journal.ts';
import { isAirlockError, messageOf } from '#src/domain/errors.ts';
import type { EvidenceDocument, RuleMeaning } from '#src/domain/evidence.ts';
import { parseRepo, type Repo } from '#src/domain/repo.ts';
import { type CommitSha, parseRef } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import type { CaseRow } from '#src/index/schema.ts';
import type { StoredDecision } from '#src/intake/stored-decision.ts';
import { unpackEvidence } from '#src/policy/evidence-document.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import type { Cases } from './cases.ts';
import { difference } from './difference.ts';
import { ruleMeanings } from './rule-meanings.ts';

/** What a person decides by. Plain JSON: parts that are not known are not there. */
export type CaseEvidence = Readonly<Record<string, unknown>>;

export interface CaseEvidenceDeps {
  readonly index: Pick<Index, 'decisions' | 'evidence'>;
  readonly catalog: Pick<Catalog, 'statement' | 'evidence'>;
  readonly journal: Pick<Journal, 'state'>;
  readonly upstream: Pick<Upstream, 'resolve' | 'list'>;
  readonly cases: Pick<Cases, 'close'>;
  readonly explain: (rule: string) => RuleMeaning | undefined;
}

const UPSTREAM_MILLISECONDS = 15_000;
/** Files that upstream is asked to list for a person who looks at a source. */
const LISTED = 1000;

/**
 * Of a commit: the decision with the findings, what it was decided over, and what changed since the last approved one.
 * Of a source: what upstream says of the repo, asked while somebody looks and never before.
 */
export async function caseEvidence(deps: CaseEvidenceDeps, row: CaseRow): Promise<CaseEvidence> {
  const repo = parseRepo(row.kind, row.repo);
  return row.commit === null ? sourceEvidence(deps, repo, row) : commitEvidence(deps, repo, row.commit);
}

async function commitEvidence(deps: CaseEvidenceDeps, repo: Repo, commit: CommitSha): Promise<CaseEvidence> {
  const row = await deps.index.decisions.get(repo, commit);
  const stored = row && (JSON.parse(row.body) as StoredDecision);
  const document = await keptDocument(deps, repo, commit);
  const before = document && (await lastApproved(deps, repo, commit));
  return {
    ...(stored && {
      decision: stored.decision,
      findings: stored.files,
      findingsLeftOff: stored.findingsLeftOff ?? 0,
      rules: ruleMeanings(stored.files, deps.explain),
    }),
    ...(document && summaryOf(document)),
    ...(document && before && { difference: difference(document, before) }),
  };
}

/** Undefined: it was not kept, or an index was edited; the decision stands without it. */
async function keptDocument(
  { index }: CaseEvidenceDeps,
  repo: Repo,
  commit: CommitSha,
): Promise<EvidenceDocument | undefined> {
  const row = await index.evidence.get(repo, commit);
  return row?.body ? readable(async () => unpackEvidence(Buffer.from(row.body, 'base64'))) : undefined;
}

/** What the newest release that is served was decided over; releases of earlier versions kept nothing. */
async function lastApproved(
  { journal, catalog }: CaseEvidenceDeps,
  repo: Repo,
  but: CommitSha,
): Promise<EvidenceDocument | undefined> {
  const approved = [...(await journal.state(repo)).commits]
    .filter(([commit, { status }]) => status === 'approved' && commit !== but)
    .toSorted(([, a], [, b]) => (a.at < b.at ? 1 : -1));
  const commit = approved[0]?.[0];
  if (commit === undefined) return undefined;
  return readable(async () => {
    const statement = await catalog.statement(repo, commit);
    const packed = statement && (await catalog.evidence(statement));
    return packed && unpackEvidence(packed);
  });
}

/** Evidence helps a person, and nothing depends on it: what can not be read is left out. */
async function readable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isAirlockError(error, 'record-invalid', 'signature-invalid')) return undefined;
    throw error;
  }
}

/** All but the long lists. */
function summaryOf({ manifest, files: _, excluded, ...rest }: EvidenceDocument): object {
  const bytes = manifest.files.reduce((sum, { size }) => sum + size, 0);
  return {
    ...rest,
    source: manifest.source,
    files: { count: manifest.files.length, bytes, excluded: excluded.length },
  };
}

async function sourceEvidence(deps: CaseEvidenceDeps, repo: Repo, { id, state }: CaseRow): Promise<CaseEvidence> {
  const signal = AbortSignal.timeout(UPSTREAM_MILLISECONDS);
  try {
    const source = await deps.upstream.resolve(repo, { type: 'ref', ref: parseRef('main') }, signal);
    let [count, bytes] = [0, 0];
    for await (const { size } of deps.upstream.list(source, signal)) {
      if (count === LISTED) return { source, files: { count, bytes, more: true } };
      [count, bytes] = [count + 1, bytes + size];
    }
    return { source, files: { count, bytes } };
  } catch (error) {
    // A name that is none must not stand in the queue for ever. It may become one: who asks then opens another case.
    if (state === 'open' && isAirlockError(error, 'upstream-repo-not-found'))
      await deps.cases.close(id, 'upstream has no such repo');
    return { problem: messageOf(error) };
  }
}
