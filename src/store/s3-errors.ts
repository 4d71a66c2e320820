// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from 'node:timers/promises';
import { AirlockError, messageOf } from '#src/domain/errors.ts';
import { codeOf } from './error-code.ts';

const FULL = new Set([
  'XMinioStorageFull',
  'XMinioAdminBucketQuotaExceeded',
  'QuotaExceeded',
  'InsufficientCapacity',
  'InsufficientStorage',
]);
/** The server's own passing troubles. What has no code at all is a network error or a 5xx (minio throws plain errors). */
const PASSING = new Set([
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'InternalError',
  'ServiceUnavailable',
  'RequestTimeout',
]);
const PAUSES_MS = [100, 400];

function s3Error(error: unknown, doing: string): AirlockError {
  if (error instanceof AirlockError) return error;
  const code = codeOf(error);
  const full = FULL.has(code ?? '');
  const what = [code, messageOf(error)].filter(Boolean).join(': ');
  const next = full
    ? 'The object store is full or over its quota.'
    : 'Is the object store up, and may we use the bucket?';
  const message = `Could not ${doing} in the object store (${what}). ${next}`;
  return new AirlockError(full ? 'store-full' : 'store-unavailable', message, {}, error);
}

/** Run `work` once and turn what the server says into an AirlockError. @throws AirlockError store-full, store-unavailable */
export async function once<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw s3Error(error, doing);
  }
}

/** Like {@link once}, for what may be repeated without harm: up to three times while the trouble may pass. */
export async function retrying<T>(doing: string, work: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error)) throw s3Error(error, doing);
    }
    await wait(pause + Math.random() * pause);
  }
  return once(doing, work);
}

function mayPass(error: unknown): boolean {
  if (error instanceof AirlockError || !(error instanceof Error)) return false;
  const code = codeOf(error);
  return code === undefined || PASSING.has(code) || /^E[A-Z]+$/.test(code);
}
