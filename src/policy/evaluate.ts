// SPDX-License-Identifier: Apache-2.0
import type { Approval, Decision, Reason } from '#src/domain/decision.ts';
import type { Evidence, EvidenceDocument, ScannedFile, WithheldFile } from '#src/domain/evidence.ts';
import type { SourceFile } from '#src/domain/manifest.ts';
import { printable, type Repo } from '#src/domain/repo.ts';
import { judgeCard } from './card-rules.ts';
import { judgeCustom } from './custom.ts';
import { applyCodeApprovals, judgeCustomCode, withoutCustomCode } from './custom-code.ts';
import { policyDigest } from './digest.ts';
import { judgeEvaluations } from './evaluations.ts';
import { judgeAmounts, judgeFileNames, judgeFormats } from './file-types.ts';
import { judgeLicense } from './licenses.ts';
import { judgeLineage } from './lineage.ts';
import { judgeListing } from './listing.ts';
import { judgeAge, judgeNamespace } from './publisher.ts';
import { applyApproval, oneLine, outcomeOf, reasonOf } from './reason.ts';
import { judgeDigests, judgeMatches, judgeNames, type RevokedContext } from './revoked.ts';
import { type Limits, POLICY_RULES, type PolicyRules, type SourceRule } from './rules.ts';
import { judgeSecrets, withoutSecrets } from './secrets.ts';
import { judgeSource, select } from './sources.ts';
import { rulesFor } from './trust.ts';
import { upstreamDenials, upstreamDoubts } from './upstream-scan.ts';
import { judgeVerdicts } from './verdicts.ts';

/** What a decision depends on besides rules and evidence. `rule` is what `matchSource` found for the repo. */
export interface EvaluationContext {
  readonly rule: SourceRule | undefined;
  readonly limits: Limits;
  readonly rulesVersion: string;
  readonly approval?: Approval | undefined;
  /** Keys of custom code that people approved for other commits of the repo, and who. */
  readonly codeApprovals?: ReadonlyMap<string, string>;
  readonly revoked?: RevokedContext;
}

/** What is known before weights are pulled. `license` is absent as long as the card has not been read. */
export interface EarlyEvidence extends Omit<EvidenceDocument, 'excluded' | 'rulesVersion' | 'files' | 'code'> {
  readonly selected: readonly SourceFile[];
}

/**
 * The gates that need no weights: source, listing, licence. Undefined: nothing speaks against going on. An approval
 * counts here too, so that a commit whose hold was accepted goes on to be scanned.
 */
export function earlyDecision(
  evidence: EarlyEvidence,
  rules: PolicyRules,
  context: EvaluationContext,
): Decision | undefined {
  const decision = decide(evidence.now, gateReasons(evidence, rules, context), [], rules, context);
  return decision.outcome === 'approved' ? undefined : decision;
}

/**
 * The gate that needs the sources alone, so that one that is denied, or that nobody has approved yet, costs upstream not
 * even a question.
 */
export function closedSource(
  rule: SourceRule | undefined,
  repo: Repo,
  rules: PolicyRules,
  { now, ...context }: Omit<EvaluationContext, 'rule'> & { readonly now: string },
): Decision | undefined {
  const reasons = [...judgeNames(context.revoked), ...judgeSource(rule, { repo, gated: false, private: false })];
  reasons.push(...judgeNamespace(repo, rules.publisher));
  const closing = reasons.filter(({ effect, rule: id }) => effect === 'deny' || id === 'source-request');
  return closing.length === 0 ? undefined : decide(now, closing, [], rules, { ...context, rule });
}

/** For a listing that is none: paths that no client may write, a path twice, no end. `problem` is a sentence. */
export function invalidListing(problem: string, now: string, rules: PolicyRules, context: EvaluationContext): Decision {
  const reason = reasonOf('listing-invalid', 'deny', `upstream's listing is not valid: ${oneLine(problem)}`);
  return decide(now, [reason], [], rules, context);
}

/**
 * Evidence in, decision with every reason out. Pure: the same evidence, rules and approval give the same decision.
 * Fails closed: no source, a file that was not scanned, or nothing left to serve denies.
 */
export function evaluate(evidence: Evidence, rules: PolicyRules, context: EvaluationContext): Decision {
  const { manifest, code, files, rulesVersion } = evidence;
  // Selected again, under today's source: the evidence may be older than the configuration.
  const selected = context.rule ? select(manifest.files, context.rule).selected : [];
  const covered = files.map((file) => withoutSecrets(withoutCustomCode(file, code, rules), rules.files));
  const verdicts = judgeVerdicts(covered, rules, context.approval);
  const reasons = [
    ...gateReasons({ ...evidence, selected }, rules, context),
    ...judgeFormats(files, rules.files),
    ...judgeDigests(
      files.filter(({ lfs }) => lfs === undefined),
      context.revoked,
    ),
    ...judgeCustomCode(code, rules),
    ...judgeSecrets(files, rules.files),
    ...verdicts.reasons,
    ...judgeEvaluations(evidence, rules.evaluations),
    ...upstreamDoubts(manifest.source, files, verdicts.withheld, rules.upstreamScan),
    ...judgeCustom(evidence, rules.custom),
    ...(context.rule ? judgeCompleteness(files, selected) : []),
  ];
  if (files.length <= verdicts.withheld.length && !reasons.some(({ rule }) => rule === 'empty-selection'))
    reasons.push(reasonOf('empty-selection', 'deny', 'no file of this commit is left to serve'));
  return decide(evidence.now, reasons, verdicts.withheld, rules, { ...context, rulesVersion });
}

function gateReasons(
  evidence: EarlyEvidence,
  rules: PolicyRules,
  { rule, limits, revoked }: EvaluationContext,
): Reason[] {
  const { manifest, selected, license, card } = evidence;
  const reasons = [...judgeNames(revoked), ...judgeDigests(selected, revoked), ...judgeSource(rule, manifest.source)];
  const own = rulesFor(rules, manifest.source);
  reasons.push(...judgeNamespace(manifest.source.repo, own.publisher), ...judgeAge(evidence, own.publisher));
  if (rule) reasons.push(...judgeListing(selected, limits));
  reasons.push(...upstreamDenials(manifest.source, selected, rules.upstreamScan));
  reasons.push(...judgeAmounts(selected, rules.files), ...judgeFileNames(selected, rules.files));
  if (license || card) reasons.push(...judgeCard(card, rules.card));
  if (license) reasons.push(...judgeLicense(license, own.licenses));
  if (license && evidence.lineage) reasons.push(...judgeLineage(evidence.lineage, license, rules));
  return reasons;
}

/**
 * The scanned files must be the ones that the source selects now. They are not when the configuration changed since
 * the intake, or when a file was lost on the way: either way nobody has looked at what would be served.
 */
function judgeCompleteness(files: readonly ScannedFile[], selected: readonly SourceFile[]): Reason[] {
  const wanted = new Set(selected.map((file) => file.path));
  const scanned = new Set(files.map((file) => file.path));
  const missing = [...wanted.difference(scanned)].map((path) =>
    reasonOf('evidence-incomplete', 'deny', `${printable(path)} was selected and not scanned`, path),
  );
  const extra = [...scanned.difference(wanted)].map((path) =>
    reasonOf('evidence-incomplete', 'deny', `${printable(path)} was scanned, and the source does not select it`, path),
  );
  return [...missing, ...extra];
}

function decide(
  now: string,
  reasons: readonly Reason[],
  withheld: readonly WithheldFile[],
  rules: PolicyRules,
  { rule, limits, rulesVersion, approval, codeApprovals, revoked }: EvaluationContext,
): Decision {
  const all = inOrder([...reasons, ...judgeMatches(reasons, revoked)]);
  const marked = applyCodeApprovals(applyApproval(all, approval), codeApprovals ?? new Map());
  return {
    outcome: outcomeOf(marked),
    reasons: marked,
    withheld,
    policyDigest: policyDigest(rules, rule, limits),
    rulesVersion,
    decidedAt: now,
  };
}

/** Denials first, then holds, then notes; within them in the order of the rules, then of the files. */
function inOrder(reasons: readonly Reason[]): Reason[] {
  const effects: readonly string[] = ['deny', 'hold', 'note'];
  const order: readonly string[] = POLICY_RULES;
  // Rules of the house's own come last, in their own order.
  const place = (rule: string) => (order.includes(rule) ? order.indexOf(rule) : order.length);
  return reasons.toSorted(
    (a, b) => effects.indexOf(a.effect) - effects.indexOf(b.effect) || place(a.rule) - place(b.rule),
  );
}
