// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { extract } from '#scanners/extract.ts';
import type { Facts } from '#scanners/facts.ts';
import { FORMATS } from '#scanners/formats/index.ts';
import { RandomBytes } from '#scanners/io/bytes.ts';
import { CORE_VERSION } from '#scanners/version.ts';
import { allSeeds, type Seed } from './fuzz/seeds.ts';

/** One sample of a format, and what was read in it. `UPDATE_GOLDEN=1` writes the files again. */
interface Golden {
  readonly sample: string;
  readonly base64: string;
  /** Of what every file goes through. */
  readonly core: string;
  readonly facts: Facts;
}

const FOLDER = new URL('./golden/', import.meta.url);
const fileOf = (format: string) => new URL(`${format}.json`, FOLDER);
const update = process.env.UPDATE_GOLDEN === '1';

/** The extractors of a sample with their versions are among its facts: they may not stay where the facts change. */
const RAISE = 'its facts are others than before: raise its version in formats/index.ts, then UPDATE_GOLDEN=1';

async function read(bytes: Uint8Array): Promise<Facts> {
  return JSON.parse(JSON.stringify(await extract(RandomBytes.ofMemory(bytes)))) as Facts;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const golden = (format: string) => JSON.parse(readFileSync(fileOf(format), 'utf8')) as Golden;

describe('what is read in a sample of each format', () => {
  beforeAll(async () => {
    if (!update) return;
    mkdirSync(FOLDER, { recursive: true });
    const seeds = await allSeeds();
    for (const format of Object.keys(FORMATS)) await write(format, seeds);
  });

  /** Written anew, a golden keeps its sample: what changed is then what is read, not what there is to read. */
  async function write(format: string, seeds: readonly Seed[]): Promise<void> {
    const old = existsSync(fileOf(format)) ? golden(format) : undefined;
    const own = old ? [{ name: old.sample, bytes: Buffer.from(old.base64, 'base64') }] : [];
    for (const { name, bytes } of [...own, ...seeds]) {
      const facts = await read(bytes);
      // The first extractor is the one of the whole file.
      if (Object.keys(facts.extractors ?? {})[0] !== format) continue;
      const content: Golden = { sample: name, base64: bytes.toString('base64'), core: CORE_VERSION, facts };
      if (old?.base64 === content.base64 && changedUnder(old, facts)) throw new Error(`${format}: ${RAISE}`);
      writeFileSync(fileOf(format), `${JSON.stringify(content, null, 2)}\n`);
      return;
    }
    throw new Error(`no sample is read as ${format}: add one to fuzz/seeds.ts`);
  }

  const isRaised = (old: Golden, now: Facts) =>
    old.core !== CORE_VERSION || !same(old.facts.extractors, now.extractors);
  const changedUnder = (old: Golden, now: Facts) => !isRaised(old, now) && !same(old.facts, now);

  test.each(Object.keys(FORMATS))('%s', async (format) => {
    const old = golden(format);
    const now = await read(Buffer.from(old.base64, 'base64'));
    const { extractors: before, ...known } = old.facts;
    const { extractors, ...found } = now;
    expect(
      found,
      isRaised(old, now) ? 'its version was raised: look at the change, then UPDATE_GOLDEN=1' : RAISE,
    ).toEqual(known);
    expect(extractors, 'its version was raised: UPDATE_GOLDEN=1').toEqual(before);
    expect(Object.keys(extractors ?? {})).toContain(format);
  });

  test('is kept for formats that exist, and for no others', () => {
    const kept = readdirSync(FOLDER).map((name) => name.replace(/\.json$/, ''));
    expect(kept.sort()).toEqual(Object.keys(FORMATS).sort());
  });
});
