// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { sha256Of } from '#src/domain/digest.ts';
import type { EvidenceDocument } from '#src/domain/evidence.ts';
import type { SourceFile } from '#src/domain/manifest.ts';
import { difference } from '#src/review/difference.ts';
import { evidenceOf, scan, sourceFile } from '#test/policy/samples.ts';

const lfs = (path: string, content: string, size = 1000): SourceFile => ({
  ...sourceFile(path, size, true),
  lfs: { sha256: sha256Of(content), pointerSize: 130 },
});
const text = (path: string, content: string, size = 10): SourceFile => ({
  ...sourceFile(path, size),
  gitOid: sourceFile(`${path}${content}`).gitOid,
});

function document(files: SourceFile[], more: Partial<EvidenceDocument> = {}): EvidenceDocument {
  const { files: _, ...evidence } = evidenceOf({ scans: {} });
  return { ...evidence, manifest: { ...evidence.manifest, files }, ...more };
}

const scanned = (scans: Parameters<typeof evidenceOf>[0]['scans']) => ({ files: evidenceOf({ scans }).files });

describe('what changed since the last approved commit', () => {
  it('is each file by its content, with sizes', () => {
    const before = document([text('a.json', '1'), text('b.json', '1', 7), text('c.json', '1')]);
    const now = document([text('a.json', '1'), text('b.json', '2', 9), text('d.json', '1', 5)]);
    expect(difference(now, before)).toMatchObject({
      since: before.manifest.source.commit,
      files: {
        added: { count: 1, first: [{ path: 'd.json', size: 5 }] },
        removed: { count: 1, first: [{ path: 'c.json', size: 10 }] },
        changed: { count: 1, first: [{ path: 'b.json', size: 9, before: 7 }] },
        unchanged: 1,
      },
    });
  });

  it('is counted, where lists get long', () => {
    const many = document(Array.from({ length: 300 }, (_, i) => text(`f${i}`, '1')));
    const { added } = difference(many, document([])).files;
    expect([added.count, added.first.length]).toEqual([300, 200]);
  });

  it.each<[string, SourceFile[], SourceFile[], object]>([
    ['the same weights', [lfs('m.bin', 'x')], [lfs('m.bin', 'x')], { changed: false, added: 0, removed: 0 }],
    [
      'other bytes under the same name',
      [lfs('m.bin', 'y')],
      [lfs('m.bin', 'x')],
      { changed: true, added: 1, removed: 1 },
    ],
    [
      'the same bytes under another name',
      [lfs('n.bin', 'x')],
      [lfs('m.bin', 'x')],
      { changed: false, added: 0, removed: 0 },
    ],
    [
      'weights that came on top',
      [lfs('m.bin', 'x'), lfs('q.gguf', 'q')],
      [lfs('m.bin', 'x')],
      { changed: true, added: 1 },
    ],
    ['weights that are gone', [], [lfs('m.bin', 'x')], { changed: true, removed: 1 }],
    ['weights that are no LFS files', [text('m.safetensors', '2')], [text('m.safetensors', '1')], { changed: true }],
    ['other texts', [text('README.md', '2')], [text('README.md', '1')], { changed: false }],
  ])('weights: %s', (_, now, before, weights) => {
    expect(difference(document(now), document(before)).weights).toMatchObject(weights);
  });

  const code = (name: string) => ({ code: { digest: sha256Of(name), files: ['m.py'], namedBy: ['config.json'] } });
  it.each<[string, Partial<EvidenceDocument>, Partial<EvidenceDocument>]>([
    ['none', {}, {}],
    ['same', code('a'), code('a')],
    ['changed', code('b'), code('a')],
    ['new', code('a'), {}],
    ['gone', {}, code('a')],
  ])('code: %s', (expected, now, before) => {
    expect(difference(document([], now), document([], before)).code).toBe(expected);
  });

  it.each([
    [['mit'], ['mit'], false],
    [['mit', 'apache-2.0'], ['mit'], true],
    [[], ['mit'], true],
  ])('license: %j after %j', (now, before, changed) => {
    const of = (declared: string[]) => document([], { license: { declared, from: 'README.md' } });
    expect(difference(of(now), of(before)).license).toEqual({ changed, now, before });
  });

  it('findings: each rule once for a file, whatever moved', () => {
    const before = scanned({
      'a.bin': scan('pickle', 'review', 'old', 'both'),
      'b.bin': scan('pickle', 'review', 'both'),
    });
    const now = scanned({
      'a.bin': scan('pickle', 'review', 'both', 'new', 'new'),
      'b.bin': scan('pickle', 'review', 'both'),
    });
    expect(difference(document([], now), document([], before)).findings).toEqual({
      new: { count: 1, first: [{ path: 'a.bin', rule: 'new', level: 'review' }] },
      gone: { count: 1, first: [{ path: 'a.bin', rule: 'old', level: 'review' }] },
    });
    expect(difference(document([]), document([], before)).findings).toBe('unknown');
  });
});
