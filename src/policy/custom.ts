// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import { messageOf } from '#src/domain/errors.ts';
import type { Evidence } from '#src/domain/evidence.ts';
import { type CelProgram, celInput, compileCel } from './cel.ts';
import { publisherOf } from './publisher.ts';
import { oneLine, reasonOf } from './reason.ts';
import type { CustomRule } from './rules.ts';

/**
 * Rules that the security team wrote itself. They can only make a decision worse. One that gives no answer denies:
 * nobody knows what it would have said.
 */
export function judgeCustom(evidence: Evidence, rules: readonly CustomRule[]): Reason[] {
  if (rules.length === 0) return [];
  const document = celInput({ ...evidence, publisher: evidence.publisher ?? publisherOf(evidence.manifest.source) });
  return rules.flatMap((rule) => {
    const { problem, value } = answerOf(rule, document);
    if (problem !== undefined)
      return [reasonOf(`custom.${rule.id}`, 'deny', `custom rule ${rule.id} gave no answer: ${oneLine(problem)}`)];
    return value ? [reasonOf(`custom.${rule.id}`, rule.effect, rule.message)] : [];
  });
}

function answerOf(
  rule: CustomRule,
  document: ReturnType<typeof celInput>,
): Partial<Record<'problem', string>> & Partial<Record<'value', boolean>> {
  try {
    return programOf(rule)(document);
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

function programOf(rule: CustomRule): CelProgram {
  const known = compiled.get(rule);
  if (known) return known;
  const program = compileCel(rule.when);
  compiled.set(rule, program);
  return program;
}

/** Rules of the configuration, which live as long as it does and are never changed. It changes no answer. */
const compiled = new WeakMap<CustomRule, CelProgram>();
