// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw } from './pickle-bytes.ts';
import {
  bytecode,
  call,
  closure,
  environment,
  GLOBAL,
  type Item,
  int,
  NULL,
  namespace,
  numbers,
  pairs,
  promise,
  rawVector,
  stream,
  symbol,
  texts,
  vector,
  workspace,
} from './r-bytes.ts';

const COMMAND = call('system', texts('id'));

test.each<[string, Buffer]>([
  ['numbers with a class', stream(numbers(3, pairs({ class: texts('zz') })))],
  ['a list of texts, nothing and numbers', stream(vector(texts('a', 'b'), NULL, numbers(1)))],
  ['an environment with data', stream(environment(pairs({ x: numbers(1) })))],
  ['a formula', stream(call('~', symbol('y'), call('log', symbol('x'))))],
  ['a call that names its package', stream(call(call('::', symbol('stats'), symbol('lm')), symbol('y')))],
  ['a promise that has its value', stream(environment(pairs({ x: promise(call('nrow', symbol('d')), numbers(1)) })))],
  ['a function of a package that computes', stream(closure(namespace('stats'), call('exp', symbol('x'))))],
  ['a sequence in its short form', stream(raw(int(238), pairs2('compact_intseq', 'base'), numbers(3), NULL))],
  ['the mark of a data table', stream(numbers(1, pairs({ '.internal.selfref': raw(int(22), NULL, NULL) })))],
  ['raw bytes', stream(rawVector(raw('some bytes of a sensor')))],
  ['a short compressed stream', gzipSync(stream(numbers(2)))],
  ['a text stream', raw('A\n3\n262658\n197888\n5\nUTF-8\n787\n1\n16\n2\n262153\n3\na\\nb\n9\n-1\n254\n')],
  ['the other byte order', raw('B\n', int(3, 0x40202, 0x30500, 2).swap32(), 'C1', int(13, 1, 7).swap32())],
])('%s passes', async (_name, bytes) => {
  const { verdict, findings } = await judged(bytes, 'model.rds');
  expect({ verdict, findings: findings.filter(({ level }) => level !== 'info') }).toEqual({
    verdict: 'pass',
    findings: [],
  });
});

function pairs2(name: string, from: string): Item {
  return raw(int(2), symbol(name), int(2), symbol(from), int(2), int(13, 1, 13), NULL);
}

test.each<[string, Buffer, string]>([
  ['a promise in an environment', stream(environment(pairs({ x: promise(COMMAND) }))), 'r-promise'],
  ['a promise at the top', stream(promise(call('cat', texts('x')))), 'r-promise'],
  ['a promise of bytecode', stream(promise(bytecode(int(1), symbol('x')))), 'r-promise'],
  ['a promise in an attribute', stream(numbers(1, pairs({ a: promise(COMMAND) }))), 'r-promise'],
  ['a function that runs a command', stream(closure(GLOBAL, COMMAND)), 'r-command'],
  [
    'a function that takes a command by its name',
    stream(closure(namespace('base'), call('do.call', texts('system')))),
    'r-command',
  ],
  [
    'a command in constants of bytecode',
    stream(closure(namespace('base'), bytecode(int(6), NULL, int(0), symbol('system'), int(0), NULL))),
    'r-command',
  ],
  ['a command in a call that a prediction evaluates', stream(numbers(1, pairs({ predvars: COMMAND }))), 'r-command'],
  [
    'a command by the name of its package',
    stream(call(call('::', symbol('base'), symbol('system')), texts('id'))),
    'r-command',
  ],
  ['a package whose name is a path', stream(namespace('../../tmp/x')), 'r-namespace'],
])('%s is refused', async (_name, bytes, rule) => {
  expect(await rulesOf(bytes, 'model.rds')).toContain(rule);
  expect((await judged(gzipSync(bytes), 'model.rds')).verdict).toBe('block');
});

test('a workspace that R calls a function of is refused', async () => {
  expect((await judged(workspace({ x: numbers(1) }), 'a.RData')).verdict).toBe('pass');
  const hostile = workspace({ x: numbers(1), '.First': closure(GLOBAL, call('exp', symbol('x'))) });
  expect(await rulesOf(hostile, 'a.RData')).toEqual(['r-function', 'r-variable']);
  expect((await judged(hostile, 'a.RData')).verdict).toBe('block');
});

test.each<[string, Buffer, string]>([
  ['a function of nobody', stream(closure(GLOBAL, call('exp', symbol('x')))), 'r-function'],
  ['a function that is worked out', stream(closure(namespace('base'), call(call('get', texts('x'))))), 'r-function'],
  ['a native call of no known routine', stream(closure(namespace('base'), call('.Call', texts('x')))), 'r-function'],
  ['an active binding', stream(environment(pairs({ x: numbers(1) }, 1 << 27))), 'r-object'],
  ['an address', stream(raw(int(22), NULL, NULL)), 'r-object'],
  ['a persistent name', stream(raw(int(247, 0, 0))), 'r-object'],
  ['a file in place of a vector', stream(raw(int(238), pairs2('mmap_real', 'base'), NULL, NULL)), 'r-altrep'],
  ['an unknown type', stream(int(99)), 'rds-malformed'],
  ['a reference to nothing', stream(int(0x5ff)), 'rds-malformed'],
  ['a stream that breaks off', stream(numbers(9)).subarray(0, -1), 'rds-malformed'],
  ['bytes behind the object', raw(stream(numbers(1)), 'junk'), 'trailing-bytes'],
  ['an old workspace', raw('RDX1\n', Buffer.alloc(20)), 'rds-old'],
])('%s needs a person', async (_name, bytes, rule) => {
  expect(await rulesOf(bytes, 'model.rds')).toEqual([rule]);
  expect((await judged(bytes, 'model.rds')).verdict).toBe('review');
});

test('a pickle in raw bytes of a text stream is noticed', async () => {
  const bytes = raw('A\n3\n262658\n197888\n5\nUTF-8\n24\n4\n80\n04\n4b\n2e\n');
  expect(await rulesOf(bytes, 'model.rds')).toEqual(['rds-blob']);
});

test('a pickle in raw bytes is found', async () => {
  expect((await judged(stream(rawVector(callPickle('os', 'system'))), 'model.rds')).verdict).toBe('block');
});

test.each(['A 2 3 4 5\n', 'X\nabc', 'RDX is a format', 'A\n3\n1\n2\n3\n'])('%j is a text', async (text) => {
  expect((await factsOf(raw(text))).format).toBe('text');
});

test('the facts of a model say where each thing stands', async () => {
  const bytes = stream(numbers(1, pairs({ terms: call('~', symbol('y')), f: closure(GLOBAL, call('exp', NULL)) })));
  expect(await factsOf(bytes)).toEqual({
    extractors: { rds: expect.any(Number) },
    format: 'rds',
    size: bytes.length,
    problems: [],
    uses: [
      { scheme: 'r-call', name: '~', at: 'a call in $terms', offset: 64 },
      { scheme: 'r-call-name', name: 'y', at: 'a call in $terms', offset: 81 },
      { scheme: 'r-object', name: 'function', at: '$f', offset: 115 },
      { scheme: 'r-function', name: 'exp', at: 'a function in $f', offset: 152 },
    ],
  });
});
