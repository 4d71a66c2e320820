// SPDX-License-Identifier: Apache-2.0
import type { Reason } from '#src/domain/decision.ts';
import type { CardEvidence, CardSection } from '#src/domain/evidence.ts';
import { reasonOf } from './reason.ts';
import type { CardRules } from './rules.ts';

const WORDS: Readonly<Record<CardSection, string>> = {
  'intended-use': 'what it is meant for',
  'training-data': 'what it was trained on',
  evaluation: 'how it was evaluated',
  limitations: 'its limitations',
  license: 'its license',
};

/** A reason for each part that policy wants and the card lacks. A card that nobody could read lacks all of them. */
export function judgeCard(card: CardEvidence | undefined, { require, missing }: CardRules): Reason[] {
  const why = card?.problem === undefined ? '' : ` (${card.problem})`;
  return require
    .filter((section) => !card?.sections.includes(section))
    .map((section) => reasonOf(`card-${section}`, missing, `the card does not say ${WORDS[section]}${why}`));
}
