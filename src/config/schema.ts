// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { ANNOUNCEMENT_TYPES } from '#src/domain/announcement.ts';
import {
  addressRange,
  bytes,
  clamdAddress,
  endpointName,
  httpUrl,
  list,
  listen,
  mailAddress,
  mailHost,
  mapping,
  oneOf,
  text,
  webOrigin,
  wholeNumber,
  yesOrNo,
} from './fields.ts';
import { oidcIssuer } from './oidc.ts';
import { policySchema, sourcesSchema } from './policy-schema.ts';
import { upstream, upstreams } from './upstreams.ts';

// Every key is explained in config/default.yaml. A default stands in both places; a test holds them together.

const DAY_SECONDS = 24 * 60 * 60;
const keyFile = mapping({ file: text('the path of a key file') });

const redirect = mapping({
  endpoint: httpUrl({ origin: true }),
  minBytes: bytes(1).prefault('64 MiB'),
  seconds: wholeNumber(1, 60).prefault(60),
});

const store = z.discriminatedUnion('kind', [
  mapping({ kind: z.literal('folder') }),
  mapping({
    kind: z.literal('s3'),
    endpoint: httpUrl({ origin: true }),
    region: text('a region such as "us-east-1"').prefault('us-east-1'),
    bucket: z.custom<string>((value) => typeof value === 'string' && /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value), {
      error: 'the name of a bucket: 3 to 63 lower-case letters, digits, "." and "-"',
    }),
    prefix: z
      .custom<string>((value) => typeof value === 'string' && /^(?:[A-Za-z0-9._-]+\/)*$/.test(value), {
        error: 'empty, or a prefix of keys that ends in "/"',
      })
      .prefault(''),
    pathStyle: yesOrNo().prefault(true),
    createBucket: yesOrNo().prefault(false),
    redirect: redirect.nullable().prefault(null),
  }),
]);

const keys = mapping({
  approval: keyFile.nullable().prefault(null),
  evidence: keyFile.nullable().prefault(null),
  trusted: list(
    mapping({ role: oneOf(['approval', 'evidence']), file: text('the path of a public key file') }),
  ).prefault([]),
});

/** A century. */
const MAX_TOKEN_DAYS = 36_500;

const access = mapping({
  anonymous: yesOrNo().prefault(true),
  tokenDays: wholeNumber(1, MAX_TOKEN_DAYS).prefault(90),
  maxTokenDays: wholeNumber(1, MAX_TOKEN_DAYS).nullable().prefault(365),
  browserOrigins: list(webOrigin()).prefault([]),
  oidc: list(oidcIssuer).prefault([]),
}).superRefine(({ tokenDays, maxTokenDays }, context) => {
  if (maxTokenDays === null || tokenDays <= maxTokenDays) return;
  const message = `at most access.maxTokenDays, which is ${maxTokenDays}`;
  context.addIssue({ code: 'custom', path: ['tokenDays'], message });
});

const intake = mapping({
  concurrent: wholeNumber(1, 64).prefault(4),
  files: wholeNumber(1, 64).prefault(4),
  maxFileBytes: bytes(1).prefault('200 GiB'),
  maxSnapshotBytes: bytes(1).prefault('1 TiB'),
  maxFiles: wholeNumber(1, 1_000_000).prefault(10_000),
  minFreeBytes: bytes().prefault('5 GiB'),
  holdApiSeconds: wholeNumber(0, 3600).prefault(55),
  holdResolveSeconds: wholeNumber(0, 3600).prefault(8),
  holdLlamaCppSeconds: wholeNumber(0, 3600).prefault(25),
  quarantineDays: wholeNumber(1, 3650).prefault(14),
});

const clamav = mapping({
  address: clamdAddress(),
  maxBytes: bytes(1).prefault('100 MiB'),
  patienceSeconds: wholeNumber(1, 3600).prefault(120),
  unscanned: oneOf(['info', 'review']).prefault('info'),
  askAgainDays: wholeNumber(1, 3650).nullable().prefault(null),
});

const events = () => list(oneOf(ANNOUNCEMENT_TYPES)).min(1, { error: 'at least one event' });

const webhook = mapping({
  name: endpointName(),
  url: httpUrl().optional(),
  events: events().prefault([...ANNOUNCEMENT_TYPES]),
  format: oneOf(['json', 'chat']).prefault('json'),
  insecure: yesOrNo().prefault(false),
});

const smtp = mapping({
  host: mailHost(),
  port: wholeNumber(1, 65_535).prefault(587),
  tls: oneOf(['starttls', 'implicit', 'none']).prefault('starttls'),
  from: mailAddress(),
  to: list(mailAddress()).min(1, { error: 'at least one address' }).max(50, { error: 'at most 50 addresses' }),
  events: events().prefault([...ANNOUNCEMENT_TYPES]),
});

const notifications = mapping({
  perMinute: wholeNumber(1, 1000).prefault(30),
  webhooks: list(webhook).max(20, { error: 'at most 20 webhooks' }).prefault([]),
  smtp: smtp.nullable().prefault(null),
});

const audit = mapping({
  countAccesses: yesOrNo().prefault(true),
  required: yesOrNo().prefault(true),
  writeSeconds: wholeNumber(1, 3600).prefault(30),
  keepDays: mapping({
    acts: wholeNumber(1, 36_500).nullable().prefault(null),
    accesses: wholeNumber(1, 36_500).nullable().prefault(null),
  }).prefault({}),
});

export const configSchema = mapping({
  listen: listen().prefault('127.0.0.1:8080'),
  publicUrl: httpUrl().nullable().prefault(null),
  trustedProxies: list(addressRange()).prefault([]),
  data: text('the path of a folder').prefault('./data'),
  access: access.prefault({}),
  log: mapping({ level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).prefault('info') }).prefault({}),
  upstream: upstream.prefault({}),
  upstreams: upstreams.nullable().prefault(null),
  store: store.prefault({ kind: 'folder' }),
  keys: keys.prefault({}),
  intake: intake.prefault({}),
  refs: mapping({
    follow: oneOf(['manual', 'auto']).prefault('manual'),
    recheckMinutes: wholeNumber(1, (7 * DAY_SECONDS) / 60).prefault(15),
    watchMinutes: wholeNumber(1, (7 * DAY_SECONDS) / 60).prefault(60),
  }).prefault({}),
  scan: mapping({
    processes: wholeNumber(1, 64).prefault(2),
    memoryBytes: bytes(64 * 2 ** 20).prefault('1 GiB'),
    secondsPerFile: wholeNumber(1, DAY_SECONDS).prefault(600),
    rules: text('the path of a folder').nullable().prefault(null),
    clamav: clamav.nullable().prefault(null),
  }).prefault({}),
  catalog: mapping({
    releases: wholeNumber(1, 1_000_000).prefault(1000),
    refreshSeconds: wholeNumber(1, 3600).prefault(5),
    maxStaleSeconds: wholeNumber(0, 86_400).prefault(300),
  }).prefault({}),
  audit: audit.prefault({}),
  sources: sourcesSchema.prefault([{ match: '*', mode: 'auto' }]),
  cases: mapping({
    maxOpen: wholeNumber(2, 1_000_000).prefault(10_000),
    maxOpenPerAddress: wholeNumber(1, 1_000_000).prefault(50),
    quietDays: wholeNumber(1, 3650).prefault(90),
    keepDays: wholeNumber(1, 36_500).prefault(730),
  }).prefault({}),
  policy: policySchema.prefault({}),
  policyFile: text('the path of a file').nullable().prefault(null),
  sourcesFile: text('the path of a file').nullable().prefault(null),
  notifications: notifications.prefault({}),
});

/** The values of the file, checked and completed, before paths are resolved and secrets joined. */
export type FileConfig = z.output<typeof configSchema>;
