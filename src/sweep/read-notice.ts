// SPDX-License-Identifier: Apache-2.0
import { MAX_BUNDLE_BYTES } from '#src/attest/envelope.ts';
import { type Notice, openNotice } from '#src/attest/notice.ts';
import type { PublicKey } from '#src/attest/signer.ts';
import { isSha256, type Sha256 } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { printable } from '#src/domain/repo.ts';

/**
 * A notice that a mirror signed, checked with its evidence key. Without a key a plain list is read as well: a sha256 on
 * each line, and words behind it that say why; `#` begins a comment.
 * @throws AirlockError signature-invalid, record-invalid, bad-request
 */
export function readNotice(bytes: Buffer, key: PublicKey | undefined, at: string): Notice {
  if (bytes.length > MAX_BUNDLE_BYTES)
    throw new AirlockError('bad-request', `The notice has ${bytes.length} bytes, above ${MAX_BUNDLE_BYTES}.`);
  if (key) return openNotice(bytes, [key]);
  if (bytes.subarray(0, 64).toString().trimStart().startsWith('{'))
    throw new AirlockError('bad-request', 'The notice is signed: name the evidence key of its mirror with --key.');
  return listed(bytes.toString(), at);
}

function listed(text: string, at: string): Notice {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const revocations = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, digest = '', words = ''] = /^(?:sha256:)?(\S+)\s*(.*)$/.exec(line) ?? [];
      const sha256 = digest.toLowerCase();
      if (!isSha256(sha256)) throw new AirlockError('bad-request', `${printable(line)} does not begin with a sha256.`);
      const scope = { type: 'digest' as const, digest: sha256 as Sha256 };
      return { scope, by: 'a list', at, reason: words || 'it is on the list' };
    });
  return { at, about: 'a list of digests', revocations, releases: [], files: [] };
}
