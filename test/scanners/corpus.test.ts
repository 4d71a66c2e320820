// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, test } from 'vitest';
import { type Judged, judgeSample, OPEN_CORPUS, type Row, rowOf, samplesOf, tableOf } from './corpus.ts';
import { rules } from './judged.ts';

/** The bars of the mirror's gate; a second corpus is held to the same (AIRLOCK_CORPUS names its folder). */
const CORPORA = [OPEN_CORPUS, ...(process.env.AIRLOCK_CORPUS ? [process.env.AIRLOCK_CORPUS] : [])];

describe.each(CORPORA)('the labelled samples of %s', (corpus) => {
  let judged: readonly Judged[];
  let all: Row;
  beforeAll(async () => {
    const results: Judged[] = [];
    for (const sample of await samplesOf(corpus)) results.push(await judgeSample(corpus, sample, rules));
    judged = results;
    all = rowOf('all', judged);
    process.stdout.write(`${tableOf(judged)}\n`);
  });

  const wrong = (label: string, ...right: string[]) =>
    judged
      .filter(({ sample, verdict }) => sample.label === label && !right.includes(verdict))
      .map(({ sample, verdict, findings }) => `${sample.id} ${sample.reason}: ${verdict}; ${findings.join(', ')}`);

  test('are there', () => {
    expect(all.malicious).toBeGreaterThan(100);
    expect(all.benign).toBeGreaterThan(100);
    expect(all.suspicious).toBeGreaterThan(5);
  });

  test('malicious: at least 99 % are not passed', () => {
    expect(
      all.notPassed / all.malicious,
      wrong('malicious', 'review', 'block', 'unscannable').join('\n'),
    ).toBeGreaterThanOrEqual(0.99);
  });

  test('malicious: at least 95 % are blocked', () => {
    expect(all.blocked / all.malicious, wrong('malicious', 'block').join('\n')).toBeGreaterThanOrEqual(0.95);
  });

  test('suspicious: at least 90 % are not passed', () => {
    expect(
      all.flagged / all.suspicious,
      wrong('suspicious', 'review', 'block', 'unscannable').join('\n'),
    ).toBeGreaterThanOrEqual(0.9);
  });

  test('benign: at most 3 % are not passed', () => {
    expect(all.falseAlarms / all.benign, wrong('benign', 'pass').join('\n')).toBeLessThanOrEqual(0.03);
  });
});
