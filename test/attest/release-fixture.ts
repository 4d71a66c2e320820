// SPDX-License-Identifier: Apache-2.0
import type { ReleaseStatement } from '#src/attest/release-statement.ts';
import { gitOidOf, sha256Of } from '#src/domain/digest.ts';
import { parseRepoPath } from '#src/domain/path.ts';
import { parseRepo } from '#src/domain/repo.ts';
import { parseCommitSha, parseRef } from '#src/domain/revision.ts';

function served(path: string, content: string, format = 'text') {
  const bytes = Buffer.from(content);
  return {
    path: parseRepoPath(path),
    size: bytes.length,
    sha256: sha256Of(bytes),
    gitOid: gitOidOf(bytes),
    format,
    verdict: 'pass',
  } as const;
}

/** A release with everything in it, in no particular order. */
export const release: ReleaseStatement = {
  repo: parseRepo('models', 'org/name'),
  commit: parseCommitSha('0123456789abcdef0123456789abcdef01234567'),
  ref: parseRef('main'),
  upstream: {
    url: 'https://huggingface.co',
    repo: parseRepo('models', 'org/name'),
    lastModified: '2026-01-02T03:04:05.000Z',
    createdAt: '2025-01-02T03:04:05Z',
  },
  files: [
    { ...served('model.safetensors', 'weights', 'safetensors'), lfs: { pointerSize: 130 } },
    served('\u{1F600}.txt', 'beyond the plane'),
    served('README.md', '---\nlicense: mit\n---\n', 'markdown'),
    served('\uFF5E.txt', 'inside the plane'),
    { ...served('sub/model.py', 'print(1)\n', 'python'), verdict: 'review' },
    served('.gitattributes', '*.safetensors filter=lfs\n'),
  ],
  withheld: [
    {
      path: parseRepoPath('pytorch_model.bin'),
      size: 7,
      sha256: sha256Of('pickled'),
      rule: 'scan.pickle',
      message: 'a pickle beside passing safetensors',
    },
  ],
  excluded: [{ path: parseRepoPath('model.q8.gguf'), size: 123_456_789_012, pattern: '*.gguf' }],
  license: { declared: ['mit'], name: 'MIT License', link: 'LICENSE', from: 'README.md' },
  reasons: [
    { rule: 'files.count', effect: 'note', message: 'six files' },
    {
      rule: 'scan.code',
      effect: 'hold',
      message: 'sub/model.py is code',
      path: parseRepoPath('sub/model.py'),
      accepted: 'alex@example.org',
    },
  ],
  policyDigest: sha256Of('policy'),
  rulesVersion: '2026.11.1',
  approver: { type: 'person', name: 'alex@example.org', reason: 'read the code: it only prints' },
  approvedAt: '2026-11-21T10:00:00.000Z',
  modelSignature: sha256Of('model signature'),
};
