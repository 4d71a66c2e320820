// SPDX-License-Identifier: Apache-2.0
import { CARD_SECTIONS, type CardSection } from '#src/domain/evidence.ts';

/**
 * Headings of the Hub's templates for model and dataset cards, of the older template that `transformers` wrote, and of
 * the lists that people keep closest to them. Compared in lower case, without what is no letter.
 */
const HEADINGS: Readonly<Record<CardSection, RegExp>> = {
  'intended-use':
    /^(?:uses?|(?:direct|intended|primary|downstream) use(?:s| cases?)?(?: and limitations| limitations)?|intended use.*)$/,
  'training-data':
    /^(?:training(?: and evaluation)? (?:data|dataset|datasets|corpus)|pretraining data|training details|source data|data(?:sets?)? used)$/,
  evaluation:
    /^(?:evaluation|evaluations|evaluation results?|results|benchmarks?|performance|metrics|test(?:ing)? (?:data|results).*)$/,
  limitations:
    /^(?:limitations?.*|(?:known )?limitations?|bias risks.*|risks.*|.*\blimitations?|out of scope use.*|ethical considerations.*)$/,
  license: /^(?:licen[cs]e|licen[cs]ing(?: information)?|licen[cs]e (?:information|terms))$/,
};

/** What the template has where nobody wrote anything. */
const PLACEHOLDER = /\[more information needed\]|\[optional\]|more information needed/gi;
const MAX_HEADING = 120;
/** No honest card comes near; what is behind it counts as not said. */
const MAX_CHARACTERS = 512 * 1024;
const MAX_HEADINGS = 2000;

interface Open {
  readonly level: number;
  readonly sections: readonly CardSection[];
}

/**
 * The parts of a card that say something: a heading with words below it, down to the next heading of the same level or
 * above. A heading alone, or over the template's placeholder, is not there. One pass over the lines.
 */
export function sectionsOf(card: string): Set<CardSection> {
  const found = new Set<CardSection>();
  let open: Open[] = [];
  let headings = 0;
  let fenced = false;
  for (const line of withoutComments(card.slice(0, MAX_CHARACTERS)).split(/\r\n|\r|\n/)) {
    if (/^ {0,3}(?:```|~~~)/.test(line)) fenced = !fenced;
    const heading = fenced ? undefined : headingOf(line);
    if (heading && ++headings > MAX_HEADINGS) break;
    if (heading) open = [...open.filter(({ level }) => level < heading.level), heading];
    else if (saysSomething(line)) for (const { sections } of open) for (const section of sections) found.add(section);
  }
  return found;
}

function headingOf(line: string): Open | undefined {
  const marks = /^ {0,3}(#{1,6})[ \t]/.exec(line)?.[1];
  if (marks === undefined) return undefined;
  const words =
    line
      .slice(0, MAX_HEADING)
      .toLowerCase()
      .replaceAll('&', ' and ')
      .match(/[a-z]+/g) ?? [];
  const text = words.join(' ');
  return { level: marks.length, sections: CARD_SECTIONS.filter((section) => HEADINGS[section].test(text)) };
}

function saysSomething(line: string): boolean {
  return /[\p{L}\p{N}]{2}/u.test(line.slice(0, 4096).replace(PLACEHOLDER, ''));
}

/** HTML comments hold the template's instructions. One that does not end hides the rest, as it does in a browser. */
function withoutComments(text: string): string {
  const kept: string[] = [];
  let from = 0;
  for (let start = text.indexOf('<!--'); start >= 0; start = text.indexOf('<!--', from)) {
    kept.push(text.slice(from, start));
    const end = text.indexOf('-->', start + 4);
    if (end < 0) return kept.join('');
    from = end + 3;
  }
  kept.push(text.slice(from));
  return kept.join('');
}
