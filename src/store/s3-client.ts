// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';
import https from 'node:https';
import { Client } from 'minio';
import { AirlockError } from '#src/domain/errors.ts';
import { codeOf } from './error-code.ts';
import { retrying } from './s3-errors.ts';

/** No byte in either direction for this long before an answer begins: the server counts as gone. */
export const SILENCE_MS = 120_000;
/** Statuses on which minio throws without reading the body (its `internal/request`). */
const UNREAD = new Set([408, 429, 499, 500, 502, 503, 504, 520]);

export interface S3ClientOptions {
  /** `http://host:port` or `https://host`, without a path. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region?: string;
  /** `http://host/bucket/key` in place of `http://bucket.host/key`; most servers that are not AWS need it. Default true. */
  readonly pathStyle?: boolean;
}

/** A bucket, and the part of it that is ours. */
export interface S3Place {
  readonly client: Client;
  readonly bucket: string;
  /** Put before every key; empty, or segments of `[A-Za-z0-9._-]` that end in `/`. */
  readonly prefix?: string;
}

/** @throws AirlockError config-invalid */
export function createS3Client(options: S3ClientOptions): Client {
  const url = parseEndpoint(options.endpoint);
  const secure = url.protocol === 'https:';
  try {
    const client = new Client({
      endPoint: url.hostname,
      useSSL: secure,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      accessKey: options.accessKey,
      secretKey: options.secretKey,
      // With a region given, minio does not ask for the bucket's location before the first request.
      region: options.region ?? 'us-east-1',
      pathStyle: options.pathStyle ?? true,
      transport: transport(secure),
      transportAgent: secure ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true }),
      // Its retry writes to the console, and repeats conditional writes, which turns a success into "already there".
      retryOptions: { disableRetry: true },
    });
    // Over https minio would send UNSIGNED-PAYLOAD; signed, the server checks each upload against its sha256.
    client.enableSHA256 = true;
    return client;
  } catch (error) {
    throw new AirlockError('config-invalid', `The S3 client refuses its options: ${error}`, {}, error);
  }
}

/**
 * The bucket must exist: a typo must not pass for a store in which nothing was ever approved.
 * @throws AirlockError config-invalid, store-unavailable
 */
export async function ensureBucket(
  client: Client,
  bucket: string,
  options: { readonly createBucket?: boolean } = {},
): Promise<void> {
  if (await retrying(`look for bucket ${bucket}`, () => client.bucketExists(bucket))) return;
  if (!options.createBucket)
    throw new AirlockError(
      'config-invalid',
      `There is no bucket "${bucket}". Create it with: aws s3api create-bucket --bucket ${bucket} ` +
        `--endpoint-url <endpoint> (or: mc mb <alias>/${bucket}), or correct its name.`,
      { bucket },
    );
  await retrying(`create bucket ${bucket}`, async () => {
    try {
      await client.makeBucket(bucket);
    } catch (error) {
      if (codeOf(error) !== 'BucketAlreadyOwnedByYou') throw error;
    }
  });
}

/** @throws AirlockError config-invalid */
export function placePrefix(place: S3Place): string {
  const prefix = place.prefix ?? '';
  if (prefix === '' || /^(?:[A-Za-z0-9][A-Za-z0-9._-]*\/)+$/.test(prefix)) return prefix;
  throw new AirlockError('config-invalid', `${JSON.stringify(prefix)} is not a key prefix: write it as "name/".`);
}

function parseEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.username === '' && url.search === '')
    return url;
  throw new AirlockError('config-invalid', 'The S3 endpoint must be http://host[:port] or https://host[:port].');
}

/** What minio sends its requests through; `request` of node:http or node:https with three additions. */
function transport(secure: boolean): Pick<typeof http, 'request'> {
  const request = (options: https.RequestOptions, answered: (response: http.IncomingMessage) => void) => {
    const sent = (secure ? https : http).request(onOwnConnection(options), (response) => {
      // From here on the reader sets the pace: a slow client downstream must not look like a dead server.
      sent.setTimeout(0);
      answered(response);
      // Nobody will read this one, and its connection would never become free again.
      if (UNREAD.has(response.statusCode ?? 0)) response.resume();
    });
    sent.setTimeout(SILENCE_MS, () => sent.destroy(new Error(`no answer for ${SILENCE_MS / 1000} s`)));
    return sent;
  };
  return { request } as Pick<typeof http, 'request'>;
}

/**
 * A conditional write does not ride on a kept connection: where the server is just closing that one, nobody could say
 * whether the write happened, and it cannot simply be repeated.
 */
function onOwnConnection(options: https.RequestOptions): https.RequestOptions {
  const headers = (options.headers ?? {}) as http.OutgoingHttpHeaders;
  return 'if-match' in headers || 'if-none-match' in headers ? { ...options, agent: false } : options;
}
