// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { isAirlockError } from '#src/domain/errors.ts';
import { parseTarget } from '#src/hub/target.ts';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const main = { type: 'ref', ref: 'main' };
const commit = { type: 'commit', commit: SHA };
const ref = (name: string) => ({ type: 'ref', ref: name });
const model = (id: string) => ({ kind: 'models', id });
const tiny = model('acme/tiny');

describe('parseTarget', () => {
  it.each([
    // Info: hub-api 3.1
    ['/api/models/acme/tiny', { route: 'info', repo: tiny, revision: main }],
    ['/api/models/acme/tiny/', { route: 'info', repo: tiny, revision: main }],
    ['/api/models/acme/tiny/revision/main', { route: 'info', repo: tiny, revision: main }],
    ['/api/models/acme/tiny/revision/HEAD', { route: 'info', repo: tiny, revision: main }],
    ['/api/models/acme/tiny/revision', { route: 'info', repo: tiny, revision: main }],
    [`/api/models/acme/tiny/revision/${SHA}`, { route: 'info', repo: tiny, revision: commit }],
    ['/api/models/gpt2', { route: 'info', repo: model('gpt2'), revision: main }],
    ['/api/models/gpt2/revision/main', { route: 'info', repo: model('gpt2'), revision: main }],
    ['/api/datasets/a/b', { route: 'info', repo: { kind: 'datasets', id: 'a/b' }, revision: main }],
    ['/api/spaces/a/b/revision/x', { route: 'info', repo: { kind: 'spaces', id: 'a/b' }, revision: ref('x') }],
    // A slash inside of an id, and of a revision, encoded or not
    ['/api/models/acme%2Ftiny', { route: 'info', repo: tiny, revision: main }],
    ['/api/models/acme/tiny/revision/refs%2Fpr%2F1', { route: 'info', repo: tiny, revision: ref('refs/pr/1') }],
    ['/api/models/acme/tiny/revision/refs/pr/1', { route: 'info', repo: tiny, revision: ref('refs/pr/1') }],
    ['/api/models/acme/tiny/revision/feature%2Fx', { route: 'info', repo: tiny, revision: ref('feature/x') }],
    // Tree
    ['/api/models/acme/tiny/tree/main', { route: 'tree', repo: tiny, revision: main }],
    ['/api/models/acme/tiny/tree/main/', { route: 'tree', repo: tiny, revision: main }],
    ['/api/models/acme/tiny/tree/main/a/b', { route: 'tree', repo: tiny, revision: main, path: 'a/b' }],
    ['/api/models/acme/tiny/tree/main/a%2Fb', { route: 'tree', repo: tiny, revision: main, path: 'a/b' }],
    [
      '/api/models/acme/tiny/tree/refs/convert/parquet',
      { route: 'tree', repo: tiny, revision: ref('refs/convert/parquet') },
    ],
    [
      '/api/models/acme/tiny/tree/refs/pr/1/sub',
      { route: 'tree', repo: tiny, revision: ref('refs/pr/1'), path: 'sub' },
    ],
    // The others
    ['/api/models/acme/tiny/refs', { route: 'refs', repo: tiny }],
    ['/api/models/gpt2/refs', { route: 'refs', repo: model('gpt2') }],
    ['/api/models/acme/tiny/refs/x', { route: 'none' }],
    ['/api/models/acme/refs/revision/v1', { route: 'info', repo: model('acme/refs'), revision: ref('v1') }],
    ['/api/models/acme/refs/refs', { route: 'refs', repo: model('acme/refs') }],
    [
      '/api/models/acme/tree/tree/v1/sub',
      { route: 'tree', repo: model('acme/tree'), revision: ref('v1'), path: 'sub' },
    ],
    ['/api/models/acme/revision/revision/v1', { route: 'info', repo: model('acme/revision'), revision: ref('v1') }],
    ['/api/models/acme/revision/refs', { route: 'refs', repo: model('acme/revision') }],
    ['/api/models/gpt2/tree/refs/pr/1', { route: 'tree', repo: model('gpt2'), revision: ref('refs/pr/1') }],
    ['/api/models/gpt2/tree/tree', { route: 'tree', repo: model('gpt2'), revision: ref('tree') }],
    [`/api/models/acme/tiny/paths-info/${SHA}`, { route: 'paths-info', repo: tiny, revision: commit }],
    ['/api/models/acme/tiny/commits/main', { route: 'commits', repo: tiny, revision: main }],
    ['/api/models/acme/tiny/commits/main/x', { route: 'none' }],
    ['/api/models/acme/tiny/xet-read-token/main', { route: 'unserved', name: 'xet-read-token', repo: tiny }],
    ['/api/models/acme/tiny/discussions', { route: 'unserved', name: 'discussions', repo: tiny }],
    // Bytes
    ['/acme/tiny/resolve/main/a.txt', { route: 'file', repo: tiny, revision: main, path: 'a.txt' }],
    ['/models/acme/resolve/main/a.txt', { route: 'file', repo: model('models/acme'), revision: main, path: 'a.txt' }],
    ['/gpt2/resolve/main/a/b.txt', { route: 'file', repo: model('gpt2'), revision: main, path: 'a/b.txt' }],
    [
      '/datasets/a/b/resolve/main/c',
      { route: 'file', repo: { kind: 'datasets', id: 'a/b' }, revision: main, path: 'c' },
    ],
    [
      '/datasets/squad/resolve/main/c',
      { route: 'file', repo: { kind: 'datasets', id: 'squad' }, revision: main, path: 'c' },
    ],
    ['/spaces/a/b/raw/main/c', { route: 'raw', repo: { kind: 'spaces', id: 'a/b' }, revision: main, path: 'c' }],
    [`/acme/tiny/raw/${SHA}/c`, { route: 'raw', repo: tiny, revision: commit, path: 'c' }],
    ['/acme/tiny/resolve/refs%2Fpr%2F1/c', { route: 'file', repo: tiny, revision: ref('refs/pr/1'), path: 'c' }],
    ['/acme/tiny/resolve/refs/pr/1/c', { route: 'file', repo: tiny, revision: ref('refs/pr/1'), path: 'c' }],
    [
      '/acme/tiny/resolve/main/with%20space%20and%20%C3%BC',
      { route: 'file', repo: tiny, revision: main, path: 'with space and ü' },
    ],
    ['/acme/tiny/resolve/main/a%2520b', { route: 'file', repo: tiny, revision: main, path: 'a%20b' }],
    ['/acme/tiny/resolve/main/a+b', { route: 'file', repo: tiny, revision: main, path: 'a+b' }],
    ['/acme/tiny/resolve/main/resolve/main/x', { route: 'file', repo: tiny, revision: main, path: 'resolve/main/x' }],
    // Doubled slashes: hub-api 1
    ['//acme/tiny/resolve/main/a.txt', { route: 'file', repo: tiny, revision: main, path: 'a.txt' }],
    ['///api//models/acme//tiny', { route: 'info', repo: tiny, revision: main }],
    // Nothing of ours
    ['/', { route: 'none' }],
    ['', { route: 'none' }],
    ['/api', { route: 'none' }],
    // Lists and access
    ['/api/models', { route: 'list', kind: 'models' }],
    ['/api/kernels/', { route: 'list', kind: 'kernels' }],
    ['/api/models/acme/tiny/auth-check', { route: 'auth-check', repo: tiny, revision: main, write: false }],
    ['/api/models/acme/tiny/auth-check/write', { route: 'auth-check', repo: tiny, revision: main, write: true }],
    ['/api/models/acme/tiny/auth-check/admin', { route: 'none' }],
    ['/api/models/acme/tiny/auth-check/write/x', { route: 'none' }],
    ['/api/kernels/a/b', { route: 'info', repo: { kind: 'kernels', id: 'a/b' }, revision: main }],
    ['/api/buckets/a/b', { route: 'none' }],
    ['/api/Models/a/b', { route: 'none' }],
    ['/acme/tiny', { route: 'none' }],
    ['/acme/tiny/blob/main/x', { route: 'none' }],
    ['/a/b/c/resolve/main/x', { route: 'none' }],
    ['/resolve/main/x', { route: 'none' }],
  ])('%s', (path, target) => {
    expect(parseTarget(path)).toEqual(target);
  });

  it.each([
    ['/api/models/..', 'bad-repo-id'],
    ['/api/models/acme%2F..%2Ftiny', 'bad-repo-id'],
    ['/api/models/acme/ti%00ny', 'bad-repo-id'],
    ['/api/models/%E0%A4%A/tiny', 'bad-repo-id'],
    ['/api/models/a%2Fb/c', 'bad-repo-id'],
    ['/%/tiny/resolve/main/x', 'bad-repo-id'],
    ['/../tiny/resolve/main/x', 'bad-repo-id'],
    ['/api/models/acme/tiny/revision/%ff', 'bad-revision'],
    ['/api/models/acme/tiny/revision/..', 'bad-revision'],
    ['/api/models/acme/tiny/revision/%00', 'bad-revision'],
    ['/acme/tiny/resolve/a%20b/x', 'bad-revision'],
    ['/acme/tiny/resolve/main', 'bad-path'],
    ['/acme/tiny/resolve/main/', 'bad-path'],
    ['/acme/tiny/resolve', 'bad-path'],
    ['/acme/tiny/resolve/refs/pr/1', 'bad-path'],
    ['/acme/tiny/resolve/main/../x', 'bad-path'],
    ['/acme/tiny/resolve/main/%2e%2e/x', 'bad-path'],
    ['/acme/tiny/resolve/main/a%2F..%2Fb', 'bad-path'],
    ['/acme/tiny/resolve/main/%2Fetc%2Fpasswd', 'bad-path'],
    ['/acme/tiny/resolve/main/%00', 'bad-path'],
    ['/acme/tiny/resolve/main/a%5Cb', 'bad-path'],
    ['/acme/tiny/resolve/main/.git/config', 'bad-path'],
    ['/acme/tiny/raw/main/%', 'bad-path'],
    ['/api/models/acme/tiny/tree/main/..', 'bad-path'],
    ['/api/models/acme/tiny/tree/main/%2F', 'bad-path'],
    ['/api/models/acme/tiny/%ff', 'bad-path'],
  ])('%s is %s', (path, code) => {
    try {
      parseTarget(path);
    } catch (error) {
      expect(isAirlockError(error) && error.code).toBe(code);
      return;
    }
    throw new Error('it was taken');
  });
});
