// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identifyLicenses } from '#scanners/license/identify.ts';
import { makeTexts } from '#scanners/license/make-texts.ts';
import texts from '#scanners/license/texts.json' with { type: 'json' };
import { licenseText } from '#test/support/license-texts.ts';
import { factsOf } from './judged.ts';
import { raw, u32, u64 } from './pickle-bytes.ts';

const found = async (text: string) => (await identifyLicenses(text))?.found.map(({ name, by }) => `${by} ${name}`);
const IDS = Object.keys(texts.texts);

describe('the text of a license', () => {
  test('the data is what the package of SPDX texts gives', () => {
    expect(readFileSync(new URL('../../scanners/license/texts.json', import.meta.url), 'utf8')).toBe(makeTexts());
    expect(IDS.length).toBeGreaterThan(60);
  });

  test.each(IDS)('%s is told from all others, to the last word', async (id) => {
    expect(await identifyLicenses(licenseText(id))).toMatchObject({
      found: [{ name: id, by: 'text' }],
      unexplained: 0,
    });
  });

  test('who holds the copyright, line breaks, case and a frame of comments change nothing', async () => {
    const text = licenseText('BSD-3-Clause').replace('<owner>', 'Example Lab').toUpperCase();
    const framed = text
      .split('\n')
      .map((line) => ` * ${line.replaceAll(' ', '   ')}`)
      .join('\r\n');
    expect(await identifyLicenses(framed)).toMatchObject({ found: [{ name: 'BSD-3-Clause' }], unexplained: 0 });
  });

  test('an appendix that is left off changes nothing', async () => {
    const [terms = ''] = licenseText('Apache-2.0').split('APPENDIX');
    expect(await found(terms)).toEqual(['text Apache-2.0']);
  });

  test('two licenses in one file are both found', async () => {
    const both = await found(`${licenseText('MIT')}\n\n${licenseText('Apache-2.0')}`);
    expect(both?.sort()).toEqual(['text Apache-2.0', 'text MIT']);
  });

  test('a condition that somebody added is counted', async () => {
    const rider = 'The weights may be used by organisations with fewer than one hundred million monthly active users.';
    const told = await identifyLicenses(`${licenseText('MIT')}\n${rider}\n`);
    expect(told?.found.map(({ name }) => name)).toEqual(['MIT']);
    expect(told?.unexplained).toBeGreaterThan(10);
  });

  test('half of a license is none', async () => {
    const text = licenseText('GPL-2.0-only');
    const half = await found(text.slice(0, text.length / 2));
    expect(half?.some((name) => name.startsWith('text'))).not.toBe(true);
  });
});

describe('a license by its own name', () => {
  test.each<[string, readonly string[]]>([
    ['META LLAMA 3 COMMUNITY LICENSE AGREEMENT\nMeta Llama 3 Version Release Date: April 18, 2024', ['title llama3']],
    [
      'Llama 3.1 is licensed under the Llama 3.1 Community License, Copyright © Meta Platforms, Inc.',
      ['title llama3.1'],
    ],
    ['LLAMA 3.3 COMMUNITY LICENSE AGREEMENT', ['title llama3.3']],
    ['LLAMA 2 COMMUNITY LICENSE AGREEMENT', ['title llama2']],
    ['Gemma Terms of Use\nLast modified: February 21, 2024', ['title gemma']],
    ['CreativeML Open RAIL-M\ndated August 22, 2022. License', ['title creativeml-openrail-m']],
    ['CreativeML Open RAIL++-M License\ndated July 26, 2023', ['title openrail++']],
    ['BigScience Open RAIL-M License', ['title bigscience-openrail-m']],
    ['BigCode OpenRAIL-M v1 License Agreement', ['title bigcode-openrail-m']],
    ['Some Open RAIL-M License', ['title openrail']],
    ['Tongyi Qianwen LICENSE AGREEMENT', ['title tongyi-qianwen']],
    ['Qwen RESEARCH LICENSE AGREEMENT', ['title qwen-research']],
    ['Licensed under the Apache License, Version 2.0 (the "License")', ['title Apache-2.0']],
    ['License: CC BY-NC-SA 4.0', ['title CC-BY-NC-SA-4.0']],
    ['This license is Attribution-NonCommercial 4.0 International', ['title CC-BY-NC-4.0']],
    ['Licensed by the lab under Creative Commons Attribution 4.0 International', ['title CC-BY-4.0']],
    ['# SPDX-License-Identifier: MIT OR Apache-2.0\n', ['tag MIT OR Apache-2.0']],
  ])('%j', async (text, names) => {
    expect(await found(text)).toEqual(names);
  });

  test('a text that calls itself a license and is none of these says so', async () => {
    expect(
      await identifyLicenses('Example Lab License Agreement\n\nYou may look at the weights, on Mondays only.'),
    ).toEqual({ found: [], words: expect.any(Number), unexplained: expect.any(Number) });
  });

  test.each(['A note about the weather.', 'The license of the weather is not known.', ''])(
    'prose says nothing: %j',
    async (text) => {
      const told = await identifyLicenses(text);
      expect(told?.found ?? []).toEqual([]);
    },
  );
});

describe('metadata', () => {
  const header = (metadata: object) => {
    const text = JSON.stringify({ __metadata__: metadata, a: { dtype: 'U8', shape: [4], data_offsets: [0, 4] } });
    return raw(u64(text.length), text, Buffer.alloc(4));
  };
  const text = (value: string) => raw(u64(Buffer.byteLength(value)), Buffer.from(value));
  const gguf = (pairs: Record<string, string>) =>
    raw(
      'GGUF',
      u32(3),
      u64(0),
      u64(Object.keys(pairs).length),
      ...Object.entries(pairs).map(([key, value]) => raw(text(key), u32(8), text(value))),
    );

  test('safetensors: ModelSpec and a plain key, and nothing under other keys', async () => {
    const facts = await factsOf(
      header({ 'modelspec.license': 'CreativeML Open RAIL++-M License', format: 'pt', notes: 'MIT License' }),
    );
    expect(facts.license).toEqual({ found: [{ name: 'openrail++', by: 'key', at: 'modelspec.license' }] });
    expect((await factsOf(header({ license: 'mit' }))).license?.found).toEqual([
      { name: 'mit', by: 'key', at: 'license' },
    ]);
    expect((await factsOf(header({ format: 'pt' }))).license).toBeUndefined();
  });

  test('gguf: license, its name and its link', async () => {
    const { license } = await factsOf(
      gguf({
        'general.license': 'other',
        'general.license.name': 'llama3.1',
        'general.license.link': 'https://x.example/LICENSE',
        'general.name': 'mit',
      }),
    );
    expect(license?.found.map(({ name, at }) => [at, name])).toEqual([
      ['general.license', 'other'],
      ['general.license.name', 'llama3.1'],
      ['general.license.link', 'https://x.example/LICENSE'],
    ]);
  });

  test('a long value is cut', async () => {
    const { license } = await factsOf(header({ license: 'my own terms '.repeat(2000) }));
    expect(license?.found[0]?.name.length).toBeLessThanOrEqual(100);
  });
});

test('no text makes it throw, take long, or say more than fits', async () => {
  const pieces = fc.constantFrom(
    'license ',
    '(c) ',
    'SPDX-License-Identifier: X\n',
    '\u0000',
    '[x] ',
    '<',
    'cc by nc 4 0 ',
    'ﬀ',
    '++',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 200 }), async (words) => {
      const told = await identifyLicenses(words.join(''));
      expect(told?.found.length ?? 0).toBeLessThanOrEqual(16);
    }),
    { numRuns: 50 },
  );
  const started = performance.now();
  for (const piece of ['license [', 'license <', 'copyright\n', 'a b c d license '])
    await identifyLicenses(piece.repeat(400_000));
  expect(performance.now() - started).toBeLessThan(10_000);
});
