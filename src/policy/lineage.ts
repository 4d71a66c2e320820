// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { LicenseEvidence } from '#src/domain/evidence.ts';
import type { AdapterEvidence, Ancestor, LineageEvidence } from '#src/domain/lineage.ts';
import { printable } from '#src/domain/repo.ts';
import { isAllowed, isUnnamed } from './license-allowlist.ts';
import { agrees, foundNames } from './license-found.ts';
import { oneLine, reasonOf } from './reason.ts';
import type { PolicyRules } from './rules.ts';

/** Reasons name their base as scanner rules are named, so that a yes to one base is no yes to another. */
export const ADAPTER_RULE = 'adapter-base';

/**
 * What a model inherits. A license reaches whoever builds on the work: Llama's or Gemma's terms hold for a finetune
 * whose own card says Apache-2.0.
 */
export function judgeLineage(lineage: LineageEvidence, license: LicenseEvidence, rules: PolicyRules): Reason[] {
  return [
    ...lineage.ancestors.flatMap((ancestor) => judgeAncestor(ancestor, license, rules)),
    ...lineage.adapters.flatMap((adapter) => judgeAdapter(adapter, rules)),
  ];
}

function judgeAncestor(ancestor: Ancestor, own: LicenseEvidence, { licenses }: PolicyRules): Reason[] {
  const { repo, baseOf, known, license, why = 'its card is not known' } = ancestor;
  const which = `the base model ${printable(repo.id)} of ${printable(baseOf)}`;
  const names = license ? namesOf(license, licenses.allow) : [];
  if (known === 'unknown' || names.length === 0) {
    const what = known === 'unknown' ? `is not known: ${oneLine(why, 120)}` : 'is not declared';
    return [
      reasonOf('license-base-unknown', licenses.baseUnknown, `the license of ${which} ${what}`, undefined, [repo.id]),
    ];
  }
  // What the card declares as well is judged there; but not as one side of a choice, of which the other is allowed.
  const isJudged = (name: string) =>
    own.declared.some((text) => agrees(name, text) && !isAllowed(text, licenses.allow));
  const passedOn = names.filter((name) => !isJudged(name));
  const refused = passedOn.filter((name) => !isAllowed(name, licenses.allow));
  if (refused.length === 0) return [];
  const message = `${which} is under ${refused.map(printable).join(', ')}, which is not on the allowlist and binds what is made from it`;
  return [reasonOf('license-base', licenses.base, message, undefined, [repo.id])];
}

function namesOf(license: LicenseEvidence, allow: readonly string[]): string[] {
  if (license.declared.length === 0) return foundNames(license).map(({ name }) => name);
  // A name beside `other` is anybody's words: it tells which terms are refused, and makes none allowed.
  return license.declared.map((text) =>
    isUnnamed(text, allow) && license.name !== undefined && !isAllowed(license.name, allow) ? license.name : text,
  );
}

function judgeAdapter({ path, base, approved }: AdapterEvidence, { adapters }: PolicyRules): Reason[] {
  if (adapters === 'allow' || (adapters === 'approved-base' && approved !== undefined)) return [];
  const what = `${printable(path)} is an adapter`;
  if (adapters === 'deny') return [reasonOf(ADAPTER_RULE, 'deny', `${what}, and the policy takes none`, path)];
  if (base === undefined)
    return [
      reasonOf(ADAPTER_RULE, 'hold', `${what} and names no base model that is a repo, or could not be read`, path),
    ];
  const name = `${base.repo.id}${base.revision === undefined ? '' : `@${encodeURIComponent(base.revision)}`}`;
  const next = `bring that in first: airlock pull ${oneLine(name)}`;
  const message = `${what} for ${printable(name)}, which is not approved here; ${next}`;
  return [reasonOf(ADAPTER_RULE, 'hold', message, path, [name])];
}
