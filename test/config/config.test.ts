// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readYaml } from '#src/config/read-yaml.ts';
import { configSchema } from '#src/config/schema.ts';
import { formatBytes, parseBytes } from '#src/config/sizes.ts';
import { explainConfig, loadConfig, publicUrl } from '#src/config.ts';
import { AirlockError } from '#src/domain/errors.ts';

const DEFAULT = resolve(import.meta.dirname, '../../config/default.yaml');
let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airlock-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(text: string | Uint8Array): Promise<string> {
  const file = join(folder, `file-${files++}`);
  await writeFile(file, text);
  return file;
}

async function refusal(yaml: string, env: Record<string, string> = {}): Promise<string> {
  const error = await loadConfig({ file: await written(yaml), env }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AirlockError);
  expect((error as AirlockError).code).toBe('config-invalid');
  return (error as AirlockError).message;
}

describe('defaults', () => {
  test('config/default.yaml says exactly what the schema defaults to', async () => {
    const file = await readYaml(DEFAULT);
    expect(configSchema.parse(file)).toEqual(configSchema.parse({}));
    expect(keysOf(file)).toEqual(keysOf(configSchema.parse({ sources: [] })));
  });

  test('an empty file, a file of comments and no file are the defaults', async () => {
    const defaults = await loadConfig({ env: {} });
    for (const text of ['', '# nothing\n', '{}'])
      expect(await loadConfig({ file: await written(text), env: {} })).toEqual(defaults);
  });

  test('every source is auto, and no default lets a person be skipped for anything but a pass', async () => {
    const { sources, policy } = await loadConfig({ env: {} });
    expect(sources).toEqual([
      {
        match: '*',
        kinds: ['models', 'datasets', 'spaces', 'kernels'],
        mode: 'auto',
        include: ['*'],
        exclude: [],
        gated: 'hold',
      },
    ]);
    expect(policy.verdicts).toEqual({ pass: 'approve', review: 'hold', block: 'deny', unscannable: 'deny' });
  });
});

/** Every key of the file, so that none can be left out of default.yaml without being noticed. */
function keysOf(value: unknown, key = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || key === 'listen') return [key];
  return Object.entries(value)
    .flatMap(([name, item]) => keysOf(item, key === '' ? name : `${key}.${name}`))
    .sort();
}

describe('a bad value names the key, the value, and what was expected', () => {
  test.each([
    ['listen: 8080', 'listen: 8080 is not allowed; expected "host:port"'],
    ['listen: "127.0.0.1:70000"', 'listen: "127.0.0.1:70000" is not allowed'],
    ['listen: "::1:80"', 'listen: "::1:80" is not allowed'],
    ['listen: "[::1]"', 'listen: "[::1]" is not allowed'],
    ['listen: "[]:80"', 'listen: "[]:80" is not allowed'],
    ['publicUrl: https://hub.example/', 'publicUrl: "https://hub.example/" is not allowed; expected an http://'],
    [
      'access: { browserOrigins: ["*"] }',
      'access.browserOrigins[0]: "*" is not allowed; expected the origin of a web page',
    ],
    ['access: { browserOrigins: ["https://a.example/"] }', 'access.browserOrigins[0]: "https://a.example/"'],
    ['access: { browserOrigins: ["https://a.example:443"] }', 'access.browserOrigins[0]: "https://a.example:443"'],
    ['trustedProxies: [proxy]', 'trustedProxies[0]: "proxy" is not allowed; expected an address or a range'],
    ['trustedProxies: [10.0.0.0/33]', 'trustedProxies[0]: "10.0.0.0/33" is not allowed'],
    ['publicUrl: hub.example', 'publicUrl: "hub.example" is not allowed'],
    ['data: ""', 'data: "" is not allowed; expected the path of a folder'],
    ['data:', 'data: null is not allowed; expected the path of a folder'],
    ['log: { level: loud }', 'log.level: "loud" is not allowed; expected one of trace, debug'],
    ['log: info', 'log: "info" is not allowed; expected a mapping of keys'],
    ['upstream: { url: "ftp://x" }', 'upstream.url: "ftp://x" is not allowed; expected an http:// or https:// URL'],
    ['upstream: { url: "https://x?q" }', 'upstream.url: "https://x?q" is not allowed'],
    ['upstream: { tries: 0 }', 'upstream.tries: 0 is not allowed; expected a whole number from 1 to 20'],
    ['upstream: { tries: 1.5 }', 'upstream.tries: 1.5 is not allowed'],
    ['upstream: { tries: "5" }', 'upstream.tries: "5" is not allowed'],
    ['upstream: { tries: .nan }', 'upstream.tries: null is not allowed'],
    ['store: { kind: disk }', 'store.kind: "disk" is not allowed; expected one of folder, s3'],
    ['store: {}', 'store.kind: is missing; expected one of folder, s3'],
    [
      'store: { kind: s3, bucket: b-1 }',
      'store.endpoint: is missing; expected an http:// or https:// URL without path',
    ],
    ['store: { kind: s3, endpoint: "http://h/p", bucket: b-1 }', 'store.endpoint: "http://h/p" is not allowed'],
    [
      'store: { kind: s3, endpoint: "http://h", bucket: B }',
      'store.bucket: "B" is not allowed; expected the name of a',
    ],
    ['store: { kind: s3, endpoint: "http://h", bucket: b-1, prefix: a }', 'store.prefix: "a" is not allowed'],
    [
      'intake: { maxFileBytes: 12 furlongs }',
      'intake.maxFileBytes: "12 furlongs" is not allowed; expected a number of',
    ],
    ['intake: { maxFileBytes: -1 }', 'intake.maxFileBytes: -1 is not allowed'],
    ['intake: { maxFileBytes: 0 }', 'intake.maxFileBytes: 0 is not allowed'],
    ['intake: { maxFileBytes: }', 'intake.maxFileBytes: null is not allowed'],
    ['refs: { follow: yes }', 'refs.follow: "yes" is not allowed; expected one of manual, auto'],
    ['sources: auto', 'sources: "auto" is not allowed; expected a list'],
    ['sources: [{ match: "*" }]', 'sources[0].mode: is missing; expected one of auto, review, request, deny'],
    ['sources: [{ match: "[z-a]", mode: auto }]', 'sources[0].match: "[z-a]" is not allowed; expected a pattern'],
    ['sources: [{ match: "*", mode: auto, kinds: [] }]', 'sources[0].kinds: [] is not allowed; expected at least one'],
    ['sources: [{ match: "*", mode: auto, kinds: [model] }]', 'sources[0].kinds[0]: "model" is not allowed'],
    ['sources: [{ match: "*", mode: auto, include: [] }]', 'sources[0].include: [] is not allowed'],
    [
      'policy: { verdicts: { pass: deny } }',
      'policy.verdicts.pass: "deny" is not allowed; expected one of approve, hold',
    ],
    ['policy: { verdicts: { review: approve } }', 'policy.verdicts.review: "approve" is not allowed'],
    ['policy: { verdicts: { block: approve } }', 'policy.verdicts.block: "approve" is not allowed'],
    ['policy: { verdicts: { unscannable: approve } }', 'policy.verdicts.unscannable: "approve" is not allowed'],
    ['policy: { licenses: { allow: mit } }', 'policy.licenses.allow: "mit" is not allowed; expected a list'],
    ['policy: { licenses: { allow: [7] } }', 'policy.licenses.allow[0]: 7 is not allowed; expected a license'],
    ['policy: { licenses: { other: allow } }', 'policy.licenses.other: "allow" is not allowed'],
    ['policy: { withhold: { reviewBesideSafetensors: "no" } }', 'policy.withhold.reviewBesideSafetensors: "no" is not'],
    ['- a\n- b', 'the file: '],
    ['just text', 'the file: "just text" is not allowed; expected a mapping of keys'],
    ['keys: { approval: { file: /nowhere/key.pem } }', 'keys.approval.file: "/nowhere/key.pem" is not there'],
    ['keys: { trusted: [{ role: approval, file: /nowhere }] }', 'keys.trusted[0].file: "/nowhere" is not there'],
    ['keys: { approval: key.pem }', 'keys.approval: "key.pem" is not allowed; expected a mapping of keys'],
  ])('%s', async (yaml, expected) => {
    expect(await refusal(yaml)).toContain(expected);
  });

  test('every problem is listed, not only the first', async () => {
    const message = await refusal('listn: x\nlog: { level: 1 }\nupstream: { tries: 0, retries: 2 }\nsources: [{}]', {
      AIRLOCK_LISTEN: 'nowhere',
      AIRLOCK_NONSENSE: '1',
    });
    for (const key of ['listn', 'log.level', 'upstream.tries', 'upstream.retries', 'sources[0].match'])
      expect(message).toContain(`\n  ${key}: `);
    expect(message).toContain('\n  AIRLOCK_LISTEN (listen): "nowhere" is not allowed');
    expect(message).toContain('\n  AIRLOCK_NONSENSE: unknown variable');
  });

  test('a password in a URL is not repeated', async () => {
    const message = await refusal('upstream: { url: "https://me:hunter2@hub.example" }');
    expect(message).toContain('upstream.url: "https://***@hub.example"');
    expect(message).not.toContain('hunter2');
  });
});

describe('an unknown key is named with the known ones', () => {
  test.each([
    ['lisen: x', 'lisen: unknown key; did you mean "listen"? known keys are listen, publicUrl, trustedProxies'],
    [
      'upstream: { uri: x }',
      'upstream.uri: unknown key; did you mean "url"? known keys are url, requestTimeoutSeconds',
    ],
    ['sources: [{ match: "*", mode: auto, gate: hold }]', 'sources[0].gate: unknown key; did you mean "gated"?'],
    ['policy: { files: { zzzzzzz: [] } }', 'policy.files.zzzzzzz: unknown key; known keys are inert'],
    ['store: { kind: folder, path: x }', 'store.path: unknown key; known keys are kind'],
    ['keys: { evidence: { path: x } }', 'keys.evidence.path: unknown key; known keys are file'],
    ['"a b\\n": 1', '"a b\\n": unknown key'],
    ['__proto__: { listen: x }', '__proto__: unknown key'],
    ['constructor: 1', 'constructor: unknown key'],
  ])('%s', async (yaml, expected) => {
    expect(await refusal(yaml)).toContain(expected);
  });

  test('a secret in the file is refused without repeating it', async () => {
    const message = await refusal('upstream: { token: hf_very_secret }\nadminToken: hf_other_secret');
    expect(message).toContain('upstream.token: secrets are not read from the file; set AIRLOCK_UPSTREAM_TOKEN');
    expect(message).toContain('adminToken: secrets are not read from the file; set AIRLOCK_ADMIN_TOKEN');
    expect(message).not.toContain('secret:');
    expect(message).not.toMatch(/hf_/);
  });
});

describe('YAML', () => {
  test.each([
    ['listen: [', 'line 1, column '],
    ['data: a\nlog: {}\ndata: b\n', 'line 3, column 1: Map keys must be unique'],
    ['data: a\n  log: {}\n', 'line 1, column 7: Nested mappings'],
    ['data: !secret x', 'line 1, column 7: Unresolved tag'],
    ['data: a\n---\ndata: b', 'line 2, column 1: '],
    ['data: *nobody', 'Unresolved alias'],
  ])('%j is refused with line and column', async (yaml, expected) => {
    expect(await refusal(yaml)).toContain(expected);
  });

  test('a bomb of aliases is refused', async () => {
    const levels = Array.from({ length: 12 }, (_, i) => `k${i + 1}: &k${i + 1} [${`*k${i},`.repeat(9)}]`);
    expect(await refusal(`k0: &k0 [x]\n${levels.join('\n')}`)).toContain('Excessive alias count');
  });

  test('YAML 1.1 words and numbers are text: no, 0o7, 12:30', async () => {
    expect(await refusal('data: no\nlog: { level: off }')).toContain('log.level: "off"');
  });

  test('a file that is missing, too large or not UTF-8 is refused', async () => {
    const missing = join(folder, 'missing.yaml');
    await expect(loadConfig({ file: missing, env: {} })).rejects.toMatchObject({ code: 'config-invalid' });
    expect(await refusal(`# ${'x'.repeat(300_000)}`)).toContain('at most 262144 are read');
    const latin1 = await written(Uint8Array.from([0x64, 0xe4, 0x3a]));
    await expect(loadConfig({ file: latin1, env: {} })).rejects.toThrow('not UTF-8');
  });
});

const S3 = { AIRLOCK_S3_ACCESS_KEY: 'access-key', AIRLOCK_S3_SECRET_KEY: 'secret-key' };

describe('environment', () => {
  test('variables win over the file', async () => {
    const file = await written('listen: "127.0.0.1:1"\ndata: /from-file\nlog: { level: warn }\nupstream: { tries: 2 }');
    const config = await loadConfig({
      file,
      env: {
        PATH: '/bin',
        AIRLOCK_LISTEN: '[::1]:0',
        AIRLOCK_PUBLIC_URL: 'https://hub.example',
        AIRLOCK_DATA: 'relative',
        AIRLOCK_UPSTREAM: 'http://127.0.0.1:9999/hub',
        AIRLOCK_UPSTREAM_TOKEN: 'hf_token',
        AIRLOCK_ADMIN_TOKEN: 'an-admin-token-of-length',
        AIRLOCK_LOG_LEVEL: 'debug',
      },
    });
    expect(config.listen).toEqual({ host: '::1', port: 0 });
    expect(config.publicUrl).toBe('https://hub.example');
    expect(config.data).toBe(resolve('relative'));
    expect(config.upstreams[0]).toMatchObject({ url: 'http://127.0.0.1:9999/hub', tries: 2 });
    expect(config.upstreams[0].token?.reveal()).toBe('hf_token');
    expect(config.adminToken?.reveal()).toBe('an-admin-token-of-length');
    expect(config.log.level).toBe('debug');
  });

  test('an S3 endpoint makes the store S3, with the rest from file or environment', async () => {
    const file = await written('store: { kind: folder }');
    const env = {
      ...S3,
      AIRLOCK_S3_ENDPOINT: 'http://minio:9000',
      AIRLOCK_S3_BUCKET: 'airlock',
      AIRLOCK_S3_REGION: 'eu-1',
    };
    const { store } = await loadConfig({ file, env });
    expect(store).toMatchObject({ kind: 's3', endpoint: 'http://minio:9000', bucket: 'airlock', region: 'eu-1' });
    expect(store.kind === 's3' && store.secretKey.reveal()).toBe('secret-key');
  });

  test.each([
    ['http://cdn.example:9000', 'http://hub.example', undefined],
    [
      'http://hub.example:9000',
      'http://hub.example',
      'store.redirect.endpoint: "hub.example" is the host of publicUrl',
    ],
    ['http://HUB.example', 'https://hub.example/airlock', 'expected another host name'],
    ['http://cdn.example/path', 'http://hub.example', 'store.redirect.endpoint: "http://cdn.example/path"'],
    ['http://cdn.example', null, 'publicUrl: is not set; expected for store.redirect'],
  ])('redirects to %s beside a mirror at %s: %s', async (endpoint, publicUrl, problem) => {
    const store = { kind: 's3', endpoint: 'http://minio:9000', bucket: 'airlock', redirect: { endpoint } };
    const file = await written(JSON.stringify({ publicUrl, store }));
    const loaded = loadConfig({ file, env: S3 });
    if (problem) await expect(loaded).rejects.toThrow(problem);
    else expect((await loaded).store).toMatchObject({ redirect: { minBytes: 64 * 2 ** 20, seconds: 60 } });
  });

  test.each<[Record<string, string>, string]>([
    [{ AIRLOCK_LISTN: 'x' }, 'AIRLOCK_LISTN: unknown variable; did you mean AIRLOCK_LISTEN?'],
    [{ AIRLOCK_LISTEN_FILE: '/x' }, 'AIRLOCK_LISTEN_FILE: unknown variable'],
    [{ AIRLOCK_LISTEN: '' }, 'AIRLOCK_LISTEN (listen): "" is not allowed'],
    [{ AIRLOCK_DATA: '' }, 'AIRLOCK_DATA (data): "" is not allowed'],
    [{ AIRLOCK_UPSTREAM: 'huggingface.co' }, 'AIRLOCK_UPSTREAM (upstream.url): "huggingface.co" is not allowed'],
    [{ AIRLOCK_LOG_LEVEL: 'loud' }, 'AIRLOCK_LOG_LEVEL (log.level): "loud" is not allowed'],
    [{ AIRLOCK_UPSTREAM_TOKEN: '' }, 'AIRLOCK_UPSTREAM_TOKEN: the secret is empty'],
    [{ AIRLOCK_UPSTREAM_TOKEN: 'a b' }, 'AIRLOCK_UPSTREAM_TOKEN: the secret has spaces'],
    [{ AIRLOCK_UPSTREAM_TOKEN: 'a\r\nb' }, 'AIRLOCK_UPSTREAM_TOKEN: the secret has spaces'],
    [{ AIRLOCK_ADMIN_TOKEN: 'short' }, 'AIRLOCK_ADMIN_TOKEN: too short; expected at least 16 characters'],
    [{ AIRLOCK_UPSTREAM_TOKEN: 'a', AIRLOCK_UPSTREAM_TOKEN_FILE: '/b' }, 'are both set; expected one'],
    [{ AIRLOCK_ADMIN_TOKEN_FILE: '/nowhere' }, 'AIRLOCK_ADMIN_TOKEN_FILE: "/nowhere" can not be read'],
    [{ ...S3 }, 'AIRLOCK_S3_ACCESS_KEY: is set, but store.kind is folder'],
    [{ AIRLOCK_S3_BUCKET: 'b-1' }, 'AIRLOCK_S3_BUCKET (store.bucket): unknown key'],
    [{ AIRLOCK_S3_ENDPOINT: 'http://h', AIRLOCK_S3_BUCKET: 'b-1' }, 'AIRLOCK_S3_ACCESS_KEY: is missing'],
    [{ ...S3, AIRLOCK_S3_ENDPOINT: 'http://h' }, 'store.bucket: is missing'],
    [
      { ...S3, AIRLOCK_S3_ENDPOINT: 'h:9000', AIRLOCK_S3_BUCKET: 'b-1' },
      'AIRLOCK_S3_ENDPOINT (store.endpoint): "h:9000"',
    ],
  ])('%j is refused', async (env, expected) => {
    expect(await refusal('', env)).toContain(expected);
  });

  test('variables of others are left alone', async () => {
    const env = { AIRLOCK_CONFIG: 'x', AIRLOCK_URL: 'y', AIRLOCK_TEST_MINIO: 'z', HOME: '/' };
    await expect(loadConfig({ env })).resolves.toBeDefined();
  });

  test.each(['UPSTREAM_TOKEN', 'ADMIN_TOKEN'])('AIRLOCK_%s_FILE is read without its line end', async (name) => {
    const config = await loadConfig({ env: { [`AIRLOCK_${name}_FILE`]: await written('hf_0123456789abcdef\r\n') } });
    const secret = name === 'ADMIN_TOKEN' ? config.adminToken : config.upstreams[0].token;
    expect(secret?.reveal()).toBe('hf_0123456789abcdef');
    expect(secret?.from).toBe(`AIRLOCK_${name}_FILE`);
  });

  test.each(['', '\n', 'x'.repeat(20_000)])('a secret file of bad content is refused (%#)', async (content) => {
    expect(await refusal('', { AIRLOCK_UPSTREAM_TOKEN_FILE: await written(content) })).toContain(
      'AIRLOCK_UPSTREAM_TOKEN_FILE: ',
    );
  });
});

describe('several upstreams', () => {
  const two = 'upstreams: [{ name: in-house, url: "http://a", match: ["acme/*"] }, { name: public, url: "http://b" }]';

  test('come in the order of the file, each with its own credential', async () => {
    const env = {
      AIRLOCK_UPSTREAM_TOKEN_IN_HOUSE: 'token-of-a',
      AIRLOCK_UPSTREAM_TOKEN_PUBLIC_FILE: await written('token-of-b\n'),
    };
    const { upstreams } = await loadConfig({ file: await written(two), env });
    expect(upstreams.map(({ name, token }) => [name, token?.reveal()])).toEqual([
      ['in-house', 'token-of-a'],
      ['public', 'token-of-b'],
    ]);
    expect(upstreams[1]).toMatchObject({ match: ['*'], next: false, trust: 'foreign', tries: 5 });
  });

  test.each<[string, Record<string, string>, string]>([
    [`${two}\nupstream: { tries: 2 }`, {}, 'upstreams: is set, and upstream (AIRLOCK_UPSTREAM) too'],
    [two, { AIRLOCK_UPSTREAM: 'http://c' }, 'upstreams: is set, and upstream (AIRLOCK_UPSTREAM) too'],
    [two, { AIRLOCK_UPSTREAM_TOKEN: 'x' }, 'AIRLOCK_UPSTREAM_TOKEN: is set, but upstreams has a list'],
    [two, { AIRLOCK_UPSTREAM_TOKEN_IN: 'x' }, 'AIRLOCK_UPSTREAM_TOKEN_IN: is for no upstream; names are in-house'],
    [two, { AIRLOCK_UPSTREAM_TOKEN_PUBLIC: 'a b' }, 'AIRLOCK_UPSTREAM_TOKEN_PUBLIC: the secret has spaces'],
    ['', { AIRLOCK_UPSTREAM_TOKEN_PUBLIC: 'x' }, 'AIRLOCK_UPSTREAM_TOKEN_PUBLIC: is for no upstream; names are hub'],
    ['upstreams: []', {}, 'upstreams: [] is not allowed; expected at least one upstream'],
    ['upstreams: [{ name: a }]', {}, 'upstreams[0]: has neither url nor folder'],
    ['upstreams: [{ name: a, url: "http://a", folder: /tmp }]', {}, 'upstreams[0]: has both url and folder'],
    ['upstreams: [{ name: a, folder: /tmp, key: /k }]', {}, 'upstreams[0].key: is set, but the upstream is a folder'],
    ['upstreams: [{ name: a, url: "http://a", key: /nowhere }]', {}, 'upstreams[0].key: "/nowhere" is not there'],
    ['upstreams: [{ name: a, folder: /nowhere }]', {}, 'upstreams[0].folder: "/nowhere" is not there'],
    ['upstreams: [{ name: a, folder: /tmp }]', { AIRLOCK_UPSTREAM_TOKEN_A: 'x' }, 'a folder, which has no credential'],
    ['upstreams: [{ name: A, url: "http://a" }]', {}, 'upstreams[0].name: "A" is not allowed'],
    ['upstreams: [{ name: my-file, url: "http://a" }]', {}, 'does not end in "file"'],
    ['upstreams: [{ name: a, url: "http://a", token: hf_x }]', {}, 'set AIRLOCK_UPSTREAM_TOKEN_<NAME>'],
    ['upstreams: [{ name: a, url: "http://a" }, { name: a, url: "http://b" }]', {}, 'upstreams[1].name: "a" is taken'],
    [`${two}\nsources: [{ match: "*", mode: auto, upstreams: [inhouse] }]`, {}, 'did you mean "in-house"?'],
    [`${two}\nsources: [{ match: "*", mode: auto, upstreams: [] }]`, {}, 'expected at least one name'],
  ])('%s with %j is refused', async (yaml, env, expected) => {
    const message = await refusal(yaml, env);
    expect(message).toContain(expected);
    expect(message).not.toContain('hf_x');
  });
});

describe('explainConfig', () => {
  const secrets = { AIRLOCK_UPSTREAM_TOKEN: 'hf_sentinel_one', AIRLOCK_ADMIN_TOKEN: 'sentinel_two_0123456' };
  const s3 = {
    AIRLOCK_S3_ACCESS_KEY: 'sentinel_three',
    AIRLOCK_S3_SECRET_KEY: 'sentinel_four',
    AIRLOCK_S3_ENDPOINT: 'http://h',
  };

  test('shows every key and no secret, and neither do JSON, text or inspection of the configuration', async () => {
    const config = await loadConfig({ env: { ...secrets, ...s3, AIRLOCK_S3_BUCKET: 'b-1' } });
    const shown = explainConfig(config);
    expect(shown).toContain('upstreams[0].token: set (from AIRLOCK_UPSTREAM_TOKEN)');
    expect(shown).toContain('store.secretKey: set (from AIRLOCK_S3_SECRET_KEY)');
    const token = config.upstreams[0].token;
    for (const text of [shown, JSON.stringify(config), inspect(config, { depth: 9, showHidden: true }), `${token}`])
      expect(text).not.toContain('sentinel');
  });

  test('marks what differs from the default, and nothing else', async () => {
    expect(explainConfig(await loadConfig({ env: {} }))).not.toContain('# changed');
    const file = await written(
      'log: { level: warn }\nintake: { maxFileBytes: 1536 MiB }\npolicy: { licenses: { allow: [] } }',
    );
    const shown = explainConfig(await loadConfig({ file, env: {} })).split('\n');
    expect(shown.filter((line) => line.includes('# changed'))).toEqual([
      'log.level: warn  # changed, default: info',
      'intake.maxFileBytes: 1536 MiB  # changed, default: 200 GiB',
      'policy.licenses.allow: []  # changed',
    ]);
    expect(shown).toContain('listen: 127.0.0.1:8080');
    expect(shown).toContain('upstreams[0].token: not set');
  });
});

describe('publicUrl', () => {
  test.each([
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['[::1]:8080', 'http://[::1]:8080'],
    ['0.0.0.0:8080', 'http://127.0.0.1:8080'],
    ['[::]:8080', 'http://[::1]:8080'],
    ['localhost:8080', 'http://localhost:8080'],
  ])('%s is reached at %s', async (listen, url) => {
    expect(publicUrl(await loadConfig({ env: { AIRLOCK_LISTEN: listen } }))).toBe(url);
  });

  test('the port that was taken stands for port 0, and what is configured wins', async () => {
    expect(publicUrl(await loadConfig({ env: { AIRLOCK_LISTEN: '127.0.0.1:0' } }), 4242)).toBe('http://127.0.0.1:4242');
    const config = await loadConfig({ env: { AIRLOCK_PUBLIC_URL: 'https://hub.example/airlock' } });
    expect(publicUrl(config, 4242)).toBe('https://hub.example/airlock');
  });
});

describe('sizes', () => {
  test.each<[unknown, number | undefined]>([
    [0, 0],
    [1024, 1024],
    ['1 KiB', 1024],
    ['1KiB', 1024],
    ['1 kb', 1000],
    ['1.5 GiB', 1.5 * 2 ** 30],
    ['200 GiB', 200 * 2 ** 30],
    ['7 B', 7],
    ['7', undefined],
    ['', undefined],
    ['1e3 MB', undefined],
    ['-1 MB', undefined],
    ['1 PB', undefined],
    ['99999999999 TiB', undefined],
    [1.5, undefined],
    [-1, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [null, undefined],
    [['1 B'], undefined],
  ])('%j is %j bytes', (value, bytes) => {
    expect(parseBytes(value)).toBe(bytes);
  });

  test('what formatBytes writes, parseBytes reads back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        expect(parseBytes(formatBytes(size))).toBe(size);
      }),
    );
    expect(formatBytes(200 * 2 ** 30)).toBe('200 GiB');
  });
});
