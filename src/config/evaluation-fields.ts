// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { REPO_KINDS } from '#src/domain/repo.ts';
import { glob, list, mapping, oneOf, text, wholeNumber } from './fields.ts';

const EXPECTED = 'a bare public key in PEM ("-----BEGIN PUBLIC KEY-----"), ECDSA P-256 or Ed25519';

/** The key itself and not a file of it: it is part of the policy, and so of the policy's digest. */
function publicKey() {
  return z.custom<string>((value) => typeof value === 'string' && isPublicKey(value), { error: EXPECTED });
}

function isPublicKey(pem: string): boolean {
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1]);
  if (labels.length !== 1 || labels[0] !== 'PUBLIC KEY') return false;
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(pem);
    if (asymmetricKeyType === 'ed25519') return true;
    return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}

const number = () => z.number({ error: 'a number' }).nullable().prefault(null);

export const evaluationSigners = () =>
  list(mapping({ name: text('a name of one line'), key: publicKey() })).superRefine((signers, context) => {
    const names = signers.map(({ name }) => name);
    const twice = names.findIndex((name, i) => names.indexOf(name) < i);
    if (twice >= 0)
      context.addIssue({ code: 'custom', path: [twice, 'name'], message: 'a name that no other signer has' });
  });

export const evaluationRules = () =>
  list(
    mapping({
      kind: text('the kind of an evaluation, as its document says it'),
      match: glob().prefault('*'),
      kinds: list(oneOf(REPO_KINDS)).min(1, { error: 'at least one kind' }).prefault(['models']),
      signers: list(text('the name of a signer')).min(1, { error: 'at least one signer' }),
      maxAgeDays: wholeNumber(1, 3650).nullable().prefault(null),
      metric: text('the name of a metric').nullable().prefault(null),
      min: number(),
      max: number(),
    }).superRefine(({ metric, min, max }, context) => {
      const hasLimit = min !== null || max !== null;
      if ((metric !== null) === hasLimit) return;
      const message = 'a metric together with min or max';
      context.addIssue({ code: 'custom', path: ['metric'], message });
    }),
  );

interface Signed {
  readonly evaluationSigners: readonly { readonly name: string }[];
  readonly evaluations: readonly { readonly signers: readonly string[] }[];
}

/** A name without a key could be met by nobody. */
export function namesSigners({ evaluationSigners: known, evaluations }: Signed, context: z.RefinementCtx): void {
  const names = new Set(known.map(({ name }) => name));
  for (const [i, { signers }] of evaluations.entries())
    for (const [j, name] of signers.entries())
      if (!names.has(name))
        context.addIssue({
          code: 'custom',
          path: ['evaluations', i, 'signers', j],
          message: 'a name of policy.evaluationSigners',
        });
}
