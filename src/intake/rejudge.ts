// SPDX-License-Identifier: Apache-2.0
import type { Catalog } from '#src/catalog/catalog.ts';
import type { Journal } from '#src/catalog/journal.ts';
import type { Publisher, ReleaseStatement } from '#src/catalog/publisher.ts';
import type { CommitState } from '#src/catalog/repo-state.ts';
import type { Announce } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import type { Decision } from '#src/domain/decision.ts';
import { AirlockError } from '#src/domain/errors.ts';
import type { Evidence, ScannedFile } from '#src/domain/evidence.ts';
import type { Repo } from '#src/domain/repo.ts';
import type { CommitSha } from '#src/domain/revision.ts';
import type { Index } from '#src/index/index.ts';
import { packEvidence } from '#src/policy/evidence-document.ts';
import { rejudge } from '#src/policy/rejudge.ts';
import type { Limits, PolicyRules } from '#src/policy/rules.ts';
import { ANY_AGE, type MalwareAge } from '#src/scan/malware-answers.ts';
import type { Scanner } from '#src/scan/scanner.ts';
import type { BlobStore } from '#src/store/blob-store.ts';
import type { InForce } from './in-force.ts';
import { keepEvidence } from './kept-refusals.ts';
import type { Quarantine } from './quarantine.ts';
import { evidenceAgain, keptEvidence } from './release-evidence.ts';
import { storedCopy } from './stored-copy.ts';
import { storedDecision } from './stored-decision.ts';

export interface RejudgeDeps {
  readonly catalog: Pick<Catalog, 'statement' | 'evidence'>;
  readonly journal: Pick<Journal, 'state' | 'append'>;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly blobs: Pick<BlobStore, 'open'>;
  readonly scanner: Scanner;
  readonly quarantine: Pick<Quarantine, 'copyOf' | 'reserve'>;
  /** Stays free on the quarantine's disk while stored bytes are read again. */
  readonly minFreeBytes: number;
  readonly index: Pick<Index, 'decisions' | 'evidence'>;
  readonly inForce: InForce;
  readonly rules: PolicyRules;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly announce: Announce;
}

/** What became of a release. `bytesRead`: of files whose facts were of an older extractor, or lost. */
export interface Rejudged {
  readonly change: 'none' | 'quarantined' | 'released';
  readonly decision: Decision;
  readonly files: number;
  readonly bytesRead: number;
}

export interface RejudgeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Which answers of the malware scanner hold. Default: all. */
  readonly malwareAge?: MalwareAge | undefined;
  /**
   * Whether what is quarantined and passes may go without a person's yes. Another replica may have quarantined it, by
   * rules or signatures that this one has not got yet: only who was told to judge everything anew may overrule that.
   */
  readonly mayRelease?: boolean;
}

/**
 * Judge a release again under the rules in force, from stored facts; bytes are read where these are of another
 * extractor version. One that no longer passes is quarantined, one in quarantine that passes again is released anew.
 * Undefined: there is no release, or a person closed it.
 * @throws AirlockError blob-missing, digest-mismatch, store-unavailable, scan-failed; the release then stays as it was
 */
export async function rejudgeRelease(
  deps: RejudgeDeps,
  repo: Repo,
  commit: CommitSha,
  options: RejudgeOptions = {},
): Promise<Rejudged | undefined> {
  const { commits } = await deps.journal.state(repo);
  const state = commits.get(commit);
  if (state?.status !== 'approved' && state?.status !== 'quarantined') return undefined;
  const statement = await deps.catalog.statement(repo, commit);
  if (statement === undefined) return undefined;
  const { bytesRead, ...scanned } = await scanAgain(deps, statement, options);
  const { files, code, rulesVersion } = scanned;
  const now = deps.clock.now().toISOString();
  const evidence = evidenceAgain(await keptEvidence(deps.catalog, statement), statement, { ...scanned, now });
  const rule = await deps.inForce.source(repo, statement.upstream.repo);
  // What was accepted before the release stands in its statement; only a yes to its quarantine comes on top.
  const approval = state.status === 'quarantined' ? state.approval : undefined;
  const context = {
    rule,
    limits: deps.limits,
    rulesVersion,
    approval,
    codeApprovals: await deps.inForce.code(commits),
  };
  const decision = rejudge({ now, files, ...(code && { code }) }, statement.reasons, deps.rules, context);
  const known = { decision, files: files.length, bytesRead };
  if (decision.outcome === 'approved') {
    const mayGo = state.status === 'quarantined' && (options.mayRelease === true || approval !== undefined);
    const released = mayGo && (await releaseAnew(deps, statement, state, evidence, decision));
    return { ...known, change: released ? 'released' : 'none' };
  }
  const quarantined = await quarantine(deps, statement, state, evidence, decision);
  return { ...known, change: quarantined ? 'quarantined' : 'none' };
}

async function scanAgain(
  deps: RejudgeDeps,
  { files }: ReleaseStatement,
  { signal, malwareAge = ANY_AGE }: RejudgeOptions,
): Promise<Pick<Evidence, 'code' | 'rulesVersion'> & { files: ScannedFile[]; bytesRead: number }> {
  let bytesRead = 0;
  const targets = files.map(({ path, size, sha256 }) => {
    const file = deps.quarantine.copyOf(sha256);
    const { take, drop } = storedCopy({ ...deps, sha256, size, file });
    const counted = async () => {
      bytesRead += size;
      await take();
    };
    return { path, size, sha256, file, copy: { take: counted, drop } };
  });
  const scanned = await deps.scanner.scan(targets, { malwareAge, ...(signal && { signal }) });
  const judged = files.map(({ format: _format, verdict: _verdict, lfs, ...file }) => {
    const scan = scanned.files.get(file.path);
    if (!scan)
      throw new AirlockError('scan-failed', `The scanner gave no verdict for ${file.path}.`, { path: file.path });
    return { ...file, ...(lfs ? { lfs: { ...lfs, sha256: file.sha256 } } : {}), scan };
  });
  const { code, rulesVersion } = scanned;
  return { files: judged, ...(code && { code }), rulesVersion, bytesRead };
}

/** The decision first: whoever meets the refusal finds the reasons. A crash before the entry leaves it served, and the next rescan comes here again. */
async function quarantine(
  deps: RejudgeDeps,
  { repo, commit, upstream, license, files: served }: ReleaseStatement,
  { status, statement, approval }: CommitState,
  evidence: Evidence,
  decision: Decision,
): Promise<boolean> {
  const { kind, id } = repo;
  const { outcome, policyDigest, rulesVersion, decidedAt } = decision;
  const paths = new Set(served.map(({ path }) => path));
  const files = evidence.files.filter(({ path }) => paths.has(path));
  await keepEvidence(deps.index, repo, commit, evidence, decision);
  const body = JSON.stringify(storedDecision(decision, upstream.repo.id, approval, license, files));
  const row = { kind, repo: id, commit, outcome, policyDigest, rulesVersion, complete: true, decidedAt, body };
  await deps.index.decisions.put(row);
  if (status === 'quarantined') return false;
  const act = { by: 'policy', reason: reasonText(decision) };
  const done = await deps.journal.append(repo, { type: 'quarantine', commit, rulesVersion }, act, (now) => {
    const current = now.commits.get(commit);
    return current?.status === 'approved' && current.statement === statement;
  });
  // A person was faster, or another replica: what was judged is no longer so, and nobody is to read why.
  if (!done) await deps.index.decisions.remove(repo, commit);
  else deps.announce({ type: 'quarantined', at: decidedAt, repo, commit, reason: act.reason });
  return done;
}

const REASON_CHARACTERS = 600;

function reasonText({ reasons, rulesVersion }: Decision): string {
  const open = reasons.filter(({ effect, accepted }) => effect !== 'note' && accepted === undefined);
  const text = `scanner rules ${rulesVersion.slice(0, 12)} no longer pass it: ${open.map(({ message }) => message).join('; ')}`;
  return text.length > REASON_CHARACTERS ? `${text.slice(0, REASON_CHARACTERS - 3)}...` : text;
}

async function releaseAnew(
  deps: RejudgeDeps,
  { modelSignature: _, evidence: _before, ...statement }: ReleaseStatement,
  state: CommitState,
  evidence: Evidence,
  decision: Decision,
): Promise<boolean> {
  const { approval } = state;
  const scans = new Map(evidence.files.map(({ path, scan }) => [path, scan]));
  const { reasons, policyDigest, rulesVersion, decidedAt } = decision;
  const { approver } = statement;
  const published = await deps.publisher.publish(
    {
      ...statement,
      files: statement.files.map((file) => {
        const { format, verdict } = scans.get(file.path) ?? file;
        return { ...file, format, verdict };
      }),
      reasons: [...statement.reasons.filter(({ path }) => path === undefined), ...reasons],
      policyDigest,
      rulesVersion,
      approver: approval ? { type: 'person', name: approval.by, reason: approval.reason } : approver,
      approvedAt: decidedAt,
    },
    {
      evidence: packEvidence(evidence),
      // Judging can take long: what it judged must still be what is there, and by the rules in force.
      applies: (now) =>
        now?.status === 'quarantined' &&
        now.statement === state.statement &&
        deps.scanner.rulesVersion === rulesVersion,
    },
  );
  if (published) await deps.index.decisions.remove(statement.repo, statement.commit);
  return published;
}
