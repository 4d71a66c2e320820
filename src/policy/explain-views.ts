// SPDX-License-Identifier: Apache-2.0
import type { EvidenceDocument, Verdict } from '#src/domain/evidence.ts';
import { printable, repoName } from '#src/domain/repo.ts';
import type { EvaluationContext } from './evaluate.ts';
import { oneLine } from './reason.ts';
import type { PolicyRules } from './rules.ts';
import { select } from './sources.ts';

interface Seen {
  readonly evidence: EvidenceDocument;
  readonly rules: PolicyRules;
  readonly context: EvaluationContext;
}

/** What a group of rules looks at, and what would change their mind. */
interface View {
  readonly of: RegExp;
  readonly saw: (seen: Seen) => string;
  readonly change: string;
}

const UNKNOWN = 'nothing: it was not looked at yet';

const VIEWS: readonly View[] = [
  {
    of: /^source-restricted$/,
    saw: ({ evidence: { manifest } }) => `gated: ${manifest.source.gated}, private: ${manifest.source.private}`,
    change: 'gated: allow in the source, or an approval',
  },
  {
    of: /^(?:source-upstream|upstream-changed)$/,
    saw: ({ evidence: { manifest } }) => manifest.source.upstream?.name ?? 'no name of an upstream',
    change: 'upstreams in the source, or the upstream that owns the name',
  },
  {
    of: /^source-/,
    saw: ({ evidence, context: { rule } }) =>
      `${repoName(evidence.manifest.source.repo)} under ${rule ? `"${rule.match}", mode ${rule.mode}` : 'no source'}`,
    change: 'another entry, or mode, in sources',
  },
  {
    of: /^publisher-/,
    saw: ({ evidence }) => `namespace ${printable(namespaceOf(evidence))}`,
    change: 'policy.publisher.allow and deny',
  },
  {
    of: /^(?:commit|repo)-too-young$/,
    saw: ({ evidence: { now, manifest } }) =>
      `commit of ${manifest.source.lastModified ?? 'no known time'}, repo of ${manifest.source.createdAt ?? 'no known time'}, judged at ${now}`,
    change: 'time, policy.publisher.minCommitAgeHours or minRepoAgeHours, or an approval',
  },
  {
    of: /^listing-invalid$/,
    saw: ({ evidence }) => `${evidence.manifest.files.length} files with paths, sizes and digests`,
    change: 'a listing without paths that no client may write',
  },
  {
    of: /^(?:listing-too|file-too|files-too|file-size|empty-selection)/,
    saw: (seen) => amounts(seen),
    change: 'intake.max..., policy.files.max..., or include and exclude of the source',
  },
  { of: /^path-collision$/, saw: amounts, change: 'other names upstream; it is a note' },
  {
    of: /^file-(?:denied|not-allowed)$/,
    saw: formats,
    change: 'policy.files.allow and deny, or exclude of the source',
  },
  {
    of: /^upstream-unsafe$/,
    saw: ({ evidence: { manifest } }) => `${manifest.source.issues?.length ?? 0} files that upstream's scanners doubt`,
    change: 'policy.upstreamScan, or upstream scanning the file again',
  },
  {
    of: /^card-/,
    saw: ({ evidence: { card } }) =>
      card ? `sections: ${card.sections.join(', ') || 'none'}${card.problem ? ` (${card.problem})` : ''}` : UNKNOWN,
    change: 'a card with that section, or policy.card.require',
  },
  {
    of: /^(?:license-base|adapter-base)/,
    saw: ({ evidence: { lineage } }) => (lineage ? oneLine(JSON.stringify(lineage), 300) : 'no base model'),
    change: 'an approved base model, policy.licenses.base and baseUnknown, or policy.adapters',
  },
  {
    of: /^license-/,
    saw: ({ evidence: { license } }) =>
      license
        ? `declared: ${license.declared.map(printable).join(', ') || 'none'} (${oneLine(license.from)}); in files: ${
            (license.found ?? [])
              .flatMap(({ found }) => found.map(({ name }) => printable(name)))
              .slice(0, 8)
              .join(', ') || 'none'
          }`
        : UNKNOWN,
    change: 'policy.licenses, another license in the card, or an approval',
  },
  {
    of: /^custom-code$/,
    saw: ({ evidence: { code } }) =>
      code
        ? `${code.files.length} files of code, named by ${code.namedBy.map(printable).slice(0, 4).join(', ')}`
        : 'no code that a loader is asked to run',
    change: 'an approval of the code (it holds for later commits with the same code), or policy.customCode',
  },
  {
    of: /^secret-found$/,
    saw: ({ evidence: { files }, rules }) =>
      files
        ? `${files.filter(({ scan }) => scan.findings.some(({ rule }) => rule === 'credential')).length} files with secrets; policy.files.secrets is ${rules.files.secrets}`
        : UNKNOWN,
    change: 'a commit without them, or policy.files.secrets',
  },
  {
    of: /^(?:verdict-|file-unjudged)/,
    saw: verdicts,
    change: 'policy.verdicts, policy.files.inert, a newer scanner, or an approval; a denied block by none',
  },
  {
    of: /^evidence-incomplete$/,
    saw: ({ evidence }) => (evidence.files ? `${evidence.files.length} files scanned` : UNKNOWN),
    change: 'a new intake: airlock pull',
  },
  {
    of: /^evaluation-/,
    saw: ({ rules }) => `${rules.evaluations.length} evaluations that the policy asks for`,
    change: 'airlock evidence add with an evaluation by a named signer, or policy.evaluations',
  },
  {
    of: /^revoked$/,
    saw: ({ evidence: { manifest } }) => `${repoName(manifest.source.repo)}@${manifest.source.commit}`,
    change: 'the end of the ruling that revokes it',
  },
  {
    of: /^custom\./,
    saw: ({ evidence }) => (evidence.files ? 'the whole document' : UNKNOWN),
    change: 'the expression in policy.custom, or an approval',
  },
];

/** A rule that has no view of its own yet is explained by its reasons. */
export function viewOf(
  rule: string,
  evidence: EvidenceDocument,
  rules: PolicyRules,
  context: EvaluationContext,
): { readonly saw: string; readonly change: string } {
  const view = VIEWS.find(({ of }) => of.test(rule));
  if (!view) return { saw: 'the evidence', change: 'see src/policy/README.md' };
  const custom = rules.custom.find(({ id }) => `custom.${id}` === rule);
  const saw = view.saw({ evidence, rules, context });
  return { saw: custom ? `${saw}: ${oneLine(custom.when, 300)}` : saw, change: view.change };
}

function namespaceOf({ publisher, manifest }: EvidenceDocument): string {
  return publisher?.namespace ?? manifest.source.repo.id.split('/')[0] ?? '';
}

function amounts({ evidence: { manifest }, context: { rule } }: Seen): string {
  const selected = rule ? select(manifest.files, rule).selected : [];
  const bytes = selected.reduce((sum, { size }) => sum + size, 0);
  const largest = selected.reduce((most, { size }) => Math.max(most, size), 0);
  return `${selected.length} of ${manifest.files.length} files, ${bytes} bytes, the largest ${largest}`;
}

function formats({ evidence: { files } }: Seen): string {
  return files ? counted(files.map(({ scan }) => oneLine(scan.format, 40))) : UNKNOWN;
}

function verdicts({ evidence: { files } }: Seen): string {
  return files ? counted(files.map(({ scan }): Verdict => scan.verdict)) : UNKNOWN;
}

/** `3 pass, 1 review` */
function counted(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ') || 'no file';
}
