// SPDX-License-Identifier: Apache-2.0
import type { Facts, TemplateFacts } from '../facts.ts';
import type { Rules } from '../rules.ts';
import { shown } from './finding.ts';
import type { Name } from './names.ts';
import type { LocalFinding } from './pickle.ts';

/** Structure problems, each with the level that the rules give it. A code that they do not know is `review`. */
export function judgeProblems(facts: Facts, rules: Rules): LocalFinding[] {
  return facts.problems.map(({ code, offset, detail }) => {
    const rule = Object.hasOwn(rules.problems, code) ? rules.problems[code] : undefined;
    return {
      rule: code,
      level: rule?.level ?? 'review',
      ...(offset === undefined ? {} : { offset }),
      message: rule ? `${rule.reason}: ${detail}` : detail,
      ...(rule?.references === undefined ? {} : { references: rule.references }),
    };
  });
}

/** Templates inside JSON and GGUF always count; a text is one when its name says so. */
export function judgeTemplates(facts: Facts, name: Name, rules: Rules): LocalFinding[] {
  if (facts.format === 'text' && !rules.templates.extensions.includes(name.extension)) return [];
  return (facts.templates ?? []).flatMap((template) => judgeTemplate(template, rules));
}

function judgeTemplate(template: TemplateFacts, rules: Rules): LocalFinding[] {
  return template.reaches.flatMap((reach) => {
    const rule = rules.templates.reaches.find(({ pattern }) => new RegExp(pattern).test(reach));
    if (rule === undefined) return [];
    const message = `the template at ${template.at}: ${rule.reason} (${shown(reach)})`;
    return [{ rule: 'chat-template', level: rule.level, message }];
  });
}
