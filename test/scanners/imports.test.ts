// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../scanners/', import.meta.url));

/** The modules of Node that the process with the hostile bytes may load: it reads, inflates and hashes, and writes. */
const WORKER_MODULES = ['node:crypto', 'node:fs', 'node:stream', 'node:zlib'];

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** What a file imports: files of this folder by their path in it, anything else as it is written. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  const clauses = source.matchAll(
    /^(?:import|export)\b[^;]*?\bfrom '([^']+)';|^import '([^']+)';|\bimport\('([^']+)'\)/gm,
  );
  return [...clauses].map(([, from, bare, lazy]) => {
    const written = from ?? bare ?? lazy ?? '';
    return written.startsWith('.') ? normalize(join(dirname(file), written)) : written;
  });
}

function pairs(from: (file: string) => boolean, to: (imported: string) => boolean): string[] {
  return [...imports]
    .filter(([file]) => from(file))
    .flatMap(([file, all]) => all.filter(to).map((one) => `${file} -> ${one}`));
}

function reachableFrom(start: string): Set<string> {
  const seen = new Set<string>();
  const open = [start];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    open.push(...(imports.get(file) ?? []));
  }
  return seen;
}

const isIn = (folder: string) => (file: string) => file.startsWith(`${folder}/`);

test('the map in the README names every folder', () => {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const map =
    readFileSync(join(root, 'README.md'), 'utf8')
      .match(/^\| `.*$/gm)
      ?.join('\n') ?? '';
  expect(folders.length).toBeGreaterThan(20);
  expect(folders.map(({ name }) => name).filter((name) => !map.includes(`\`${name}/\``))).toEqual([]);
});

describe('the imports of scanners', () => {
  test('are found at all', () => {
    expect(files.length).toBeGreaterThan(200);
    expect(imports.get('worker.ts')).toEqual(['node:fs', 'extract.ts', 'io/bytes.ts']);
    expect(imports.get('formats/index.ts')).toContain('formats/pickle.ts');
  });

  test('lead to files that are there, to Node and to two packages', () => {
    const packages = new Set(['yaml', 'zod']);
    expect(
      pairs(
        () => true,
        (one) => !imports.has(one) && !isBuiltin(one) && !packages.has(one),
      ),
    ).toEqual([]);
  });

  test('bring nothing but files below scanners and a few modules of Node to the process that reads the bytes', () => {
    const reached = [...reachableFrom('worker.ts')];
    expect(reached).toContain('zip/walk.ts');
    expect(reached.filter((one) => !imports.has(one)).sort()).toEqual(WORKER_MODULES);
  });

  test('keep judgement and rules out of that process', () => {
    const reached = [...reachableFrom('worker.ts')];
    expect(reached.filter((one) => isIn('judge')(one) || one.startsWith('rules'))).toEqual([]);
  });

  test('give the judges facts and rules, and no reader of bytes', () => {
    const given = (one: string) => isIn('judge')(one) || one === 'node:crypto' || !one.includes('/');
    expect(pairs(isIn('judge'), given)).not.toEqual([]);
    expect(pairs(isIn('judge'), (one) => !given(one))).toEqual([]);
  });

  test('let one adapter alone open a socket', () => {
    expect(
      pairs(
        () => true,
        (one) => one === 'node:net',
      ),
    ).toEqual(['adapters/clamav.ts -> node:net']);
  });
});
