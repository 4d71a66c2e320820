// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const some = (length: number) => letters.repeat(4).slice(3, 3 + length);
const hex = (length: number) => '0123456789abcdef'.repeat(8).slice(0, length);

describe('a credential', () => {
  test.each([
    ['AWS', `AKIA${some(60).toUpperCase().slice(0, 16)}`],
    ['AWS secret', `aws_secret_access_key = ${some(40)}`],
    ['GitHub', `ghp_${some(36)}`],
    ['GitHub, fine-grained', `github_pat_${some(22)}_${some(59)}`],
    ['GitLab', `glpat-${some(20)}`],
    ['Hugging Face', `hf_${some(34)}`],
    ['OpenAI', `sk-proj-${some(48)}`],
    ['Anthropic', `sk-ant-api03-${some(48)}`],
    ['Slack', `xoxb-${some(40)}`],
    ['Stripe', `sk_live_${some(24)}`],
    ['Twilio', `SK${hex(32)}`],
    ['SendGrid', `SG.${some(22)}.${some(43)}`],
    ['npm', `npm_${some(36)}`],
    ['PyPI', `pypi-AgEIcHlwaS5vcmc${some(60)}`],
    ['Telegram', `123456789:AA${some(33)}`],
    ['Google', `AIza${some(35)}`],
    ['a JSON web token', `eyJ${some(20)}.eyJ${some(30)}.${some(40)}`],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n'],
    ['a PGP key', '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOYBGJ0ZXN0\n'],
    ['.netrc', 'machine github.com login me password s3cretpw1'],
    ['a URL', 'postgresql://admin:Sup3rS3cret9@db.example.org:5432/x'],
    ['an endpoint of many models', `sk-${hex(32)}`],
    ['Atlassian', `ATATT3xFfGF0${some(170)}`],
    ['HubSpot', 'pat-na1-01234567-89ab-cdef-0123-456789abcdef'],
    ['New Relic', `NRAK-${some(60).toUpperCase().slice(0, 27)}`],
    ['Sentry', `sntrys_${some(60)}`],
    ['Notion', `secret_${some(43)}`],
    ['Airtable', `pat${some(14)}.${hex(64)}`],
    ['Figma', `figd_${some(40)}`],
    ['Pulumi', `pul-${hex(40)}`],
    ['Supabase', `sbp_${hex(40)}`],
    ['RubyGems', `rubygems_${hex(48)}`],
    ['Doppler', `dp.pt.${some(43)}`],
    ['Pinecone', `pcsk_${some(70)}`],
    ['LangSmith', `lsv2_pt_${hex(32)}_${hex(10)}`],
    ['Alibaba', `LTAI${some(20)}`],
    ['Tencent', `AKID${some(32)}`],
    ['Terraform', `${some(14)}.atlasv1.${some(67)}`],
    ['a hashed password', `admin:$apr1$${some(8)}$${some(22)}`],
    ['a URL without a user', `redis://:a9f3b1c7d5e8${some(8)}@cache.example.org:6379/0`],
    ['a login in code', `wandb.login(key='${hex(40)}')`],
    ['a connection', `Server=db;Database=x;User Id=sa;Password=a9F3b1C7d5E8;`],
    ['an assignment', 'api_key = "9f86d081884c7d659a2feaa0c55ad015"'],
  ])('of %s asks for a review', async (_what, secret) => {
    expect(await rulesOf(`some text\n${secret}\n`, 'notes.md')).toEqual(['credential']);
    expect(await rulesOf(JSON.stringify({ a: `x ${secret}` }), 'a.json')).toEqual(['credential']);
  });

  test.each([
    ['kaggle.json', `{"username":"me","key":"${hex(32)}"}`],
    [
      'config.json',
      `{"auths":{"https://index.docker.io/v1/":{"auth":"${Buffer.from('me:s3cretT0ken-of-mine').toString('base64')}"}}}`,
    ],
  ])('of a program is found in its %s', async (path, content) => {
    expect(await rulesOf(content, path)).toEqual(['credential']);
    expect(await rulesOf(content.replace(/[\w=]{20,}/, 'none'), path)).toEqual([]);
  });

  test('is never shown in full', async () => {
    const secret = `hf_${some(34)}`;
    const [finding] = (await judged(secret, 'a.txt')).findings;
    expect(finding?.message).toContain('hf_d... (37 characters)');
    expect(JSON.stringify(finding)).not.toContain(secret.slice(0, 12));
  });

  test('is found wherever it stands in a long text', async () => {
    const text = Buffer.from(`${'word '.repeat(1_200_000)}\nhf_${some(34)}\n${'word '.repeat(100_000)}`);
    expect(await rulesOf(text, 'a.txt')).toEqual(['credential']);
    expect(await rulesOf('{"a": "\\u0068f_defghijklmnopqrstuvwxyz0123456789ABC"}', 'a.json')).toEqual(['credential']);
  });
});

test.each([
  ['a placeholder', `hf_${'x'.repeat(34)}`],
  ['a hint', 'OPENAI_API_KEY=sk-your-key-here-xxxxxxxxxxxxxxxxxxxx'],
  ['another hint', 'api_key = "<your api key goes here>"'],
  ['a hash', `sha256: ${hex(64)}`],
  ['a commit', `revision = "${hex(40)}"`],
  ['a UUID', '123e4567-e89b-12d3-a456-426614174000'],
  ['a public key', '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG\n'],
  ['a variable', 'token = os.environ["HF_TOKEN"]'],
  ['an example URL', 'postgres://user:password@localhost/db'],
  ['special tokens', '"pad_token": "<|reserved_special_token_12|>"'],
  [
    'names with the beginning of a token',
    'secret_key_of_the_house pul-request cio-report fw_version sk-learn pat-terns key-value',
  ],
  ['a hash of a file', `md5:${hex(32)} AKIDs LTAI figd_x lsv2_pt_`],
  ['a URL without a password', 'redis://cache:6379/0 https://user@example.org/x'],
  ['a login by name', "login(username='me', key=None) wandb.login()"],
  ['a word', 'the key is stored in the vault; see docs'],
  ['a header in prose', 'a file that begins with -----BEGIN PRIVATE KEY----- is a key'],
])('%s is no credential', async (_what, text) => {
  expect(await rulesOf(`${text}\n`, 'notes.md')).toEqual([]);
});
