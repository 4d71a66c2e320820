// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Sha256, sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { type Index, openIndex } from '#src/index/index.ts';
import { readOrCreateIndexKey } from '#src/scan/index-key.ts';
import { createScanner, type ScanTarget } from '#src/scan/scanner.ts';
import { SealedFacts } from '#src/scan/sealed-facts.ts';
import { callPickle, raw, u64 } from '#test/scanners/pickle-bytes.ts';

let folder: string;
let index: Index;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlock-sealed-'));
  index = await openIndex(join(folder, 'index.sqlite'));
});
afterEach(async () => {
  await index.close();
  await rm(folder, { recursive: true });
});

async function target(path: string, bytes: Uint8Array): Promise<ScanTarget> {
  const file = join(folder, path);
  await writeFile(file, bytes);
  return { path: parseRepoPath(path), sha256: sha256Of(bytes), size: bytes.length, file };
}

/** Of exactly this many bytes: the size is in the facts too, and would give a copy away. */
function safetensors(size: number): Buffer {
  const header = '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'.padEnd(size - 8);
  return raw(u64(header.length), header);
}

/** As somebody with a database shell does it. */
function edit(sql: string, ...values: string[]): void {
  const database = new DatabaseSync(join(folder, 'index.sqlite'));
  const { changes } = database.prepare(sql).run(...values);
  database.close();
  expect(changes).toBe(1);
}

describe('facts in an index that somebody edited', () => {
  const altered: Sha256[] = [];
  const open = async () =>
    createScanner({
      cache: index.facts,
      cacheKey: await readOrCreateIndexKey(join(folder, 'keys', 'index.key')),
      onAlteredFacts: ({ sha256 }) => altered.push(sha256),
    });
  beforeEach(() => {
    altered.length = 0;
  });

  test('of good safetensors do not make a hostile pickle pass', async () => {
    const bytes = raw(callPickle('os', 'system'), Buffer.alloc(40, ' '));
    const evil = await target('evil.safetensors', bytes);
    const good = await target('good.safetensors', safetensors(bytes.length));
    const { files: first } = await (await open()).scan([evil, good]);
    expect([...first.values()].map(({ verdict }) => verdict).sort()).toEqual(['block', 'pass']);

    edit(
      'UPDATE facts SET body = (SELECT body FROM facts WHERE sha256 = ?) WHERE sha256 = ?',
      good.sha256,
      evil.sha256,
    );

    const { files: second } = await (await open()).scan([evil, good]);
    expect(second.get(evil.path)).toEqual(first.get(evil.path));
    expect(second.get(good.path)).toEqual(first.get(good.path));
    expect(altered).toEqual([evil.sha256]);
    // The file was read again, and what was found is remembered in the place of the copy.
    const { files: third } = await (await open()).scan([{ ...evil, file: '/nowhere' }]);
    expect(third.get(evil.path)).toEqual(first.get(evil.path));
    expect(altered).toHaveLength(1);
  });

  test.each([
    ['facts that were changed', `replace(body, 'os', 'so')`],
    ['facts without a seal', `substr(body, instr(body, ' ') + 1)`],
    ['no seal before the facts', `substr(body, instr(body, ' '))`],
    ['nothing', `''`],
  ])('are ignored and reported: %s', async (_what, body) => {
    const evil = await target('evil.pkl', callPickle('os', 'system'));
    const first = await (await open()).scan([evil]);
    edit(`UPDATE facts SET body = ${body}`);
    expect(await (await open()).scan([evil])).toEqual(first);
    expect(altered).toEqual([evil.sha256]);
  });

  test('of another extractor version do not count', async () => {
    const evil = await target('evil.pkl', callPickle('os', 'system'));
    const sealed = new SealedFacts(index.facts, Buffer.alloc(32, 7), ({ sha256 }) => altered.push(sha256));
    await sealed.put(evil.sha256, '1', '{}');
    expect(await sealed.get(evil.sha256, '1')).toBe('{}');
    edit('UPDATE facts SET extractor = ?', '2');
    expect(await sealed.get(evil.sha256, '2')).toBeUndefined();
    expect(altered).toEqual([evil.sha256]);
  });
});

describe('the index key', () => {
  const file = () => join(folder, 'keys', 'index.key');

  test('is made once, random, and for its owner alone', async () => {
    const key = await readOrCreateIndexKey(file());
    expect(key).toHaveLength(32);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readOrCreateIndexKey(file())).toEqual(Buffer.from(await readFile(file())));
    expect(Buffer.from(key)).toEqual(await readFile(file()));
    expect(await readOrCreateIndexKey(join(folder, 'other.key'))).not.toEqual(key);
  });

  test('that is cut short stops the start, and says what to do', async () => {
    await readOrCreateIndexKey(file());
    await writeFile(file(), '');
    await expect(readOrCreateIndexKey(file())).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('Remove it: files are then scanned once more'),
    });
  });

  test('that was lost costs a scan, and nothing else', async () => {
    const evil = await target('evil.pkl', callPickle('os', 'system'));
    const scan = async () =>
      createScanner({ cache: index.facts, cacheKey: await readOrCreateIndexKey(file()) }).scan([evil]);
    const first = await scan();
    await rm(file());
    expect(await scan()).toEqual(first);
  });
});
