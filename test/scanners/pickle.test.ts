// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import {
  args1,
  callPickle,
  floatStorage,
  global,
  legacyTorch,
  PAYLOAD,
  proto,
  raw,
  STOP,
  shortText,
  stackGlobal,
  stateDict,
  text,
  u32,
  u64,
} from './pickle-bytes.ts';

const argument = args1(text(PAYLOAD));
const bytes8 = (op: number, content: string) => raw(op, u64(content.length), content);

// Each row: what it shows, hostile bytes, the rule that must fire with level block.
const BLOCKED: readonly (readonly [string, Uint8Array, string])[] = [
  ['GLOBAL and REDUCE', callPickle('os', 'system'), 'pickle-stdlib-import'],
  [
    'STACK_GLOBAL in a frame',
    raw(proto(4), 0x95, u64(40), stackGlobal('os', 'system'), argument, 'R.'),
    'pickle-stdlib-import',
  ],
  ['INST', raw('(', `S'${PAYLOAD}'\n`, 'ios\nsystem\n.'), 'pickle-stdlib-import'],
  ['OBJ', raw('(', global('os', 'system'), `S'${PAYLOAD}'\n`, 'o.'), 'pickle-stdlib-import'],
  ['NEWOBJ', raw(proto(2), global('subprocess', 'Popen'), argument, 0x81, STOP), 'pickle-denied-import'],
  ['NEWOBJ_EX', raw(proto(4), stackGlobal('subprocess', 'Popen'), argument, '}', 0x92, STOP), 'pickle-denied-import'],
  // picklescan GHSA-9gvj-pp9x-gcfr: names fetched from the memo.
  [
    'names through BINPUT and BINGET',
    raw(proto(2), text('system'), 'q', 0, '0', text('os'), 'q', 1, '0', 'h', 1, 'h', 0, 0x93, argument, 'R.'),
    'pickle-stdlib-import',
  ],
  [
    'names through MEMOIZE, with decoys pushed later',
    raw(
      proto(4),
      shortText('os'),
      0x94,
      shortText('system'),
      0x94,
      '00',
      shortText('a'),
      shortText('b'),
      '00',
      'h',
      0,
      'h',
      1,
      0x93,
      argument,
      'R.',
    ),
    'pickle-stdlib-import',
  ],
  [
    'names through PUT and GET',
    raw('Vos\np7\n0Vsystem\np9\n0g7\ng9\n', 0x93, `(S'${PAYLOAD}'\ntR.`),
    'pickle-stdlib-import',
  ],
  ['names as STRING', raw("S'os'\nS'system'\n", 0x93, `(S'${PAYLOAD}'\ntR.`), 'pickle-stdlib-import'],
  [
    'names behind STRING escapes',
    raw("S'\\x6fs'\nS'sys\\164em'\n", 0x93, `(S'${PAYLOAD}'\ntR.`),
    'pickle-stdlib-import',
  ],
  [
    'names behind UNICODE escapes',
    raw('V\\u006fs\nVsyste\\u006d\n', 0x93, `(V${PAYLOAD}\ntR.`),
    'pickle-stdlib-import',
  ],
  [
    'names as SHORT_BINSTRING and BINUNICODE8',
    raw('U', 2, 'os', bytes8(0x8d, 'system'), 0x93, argument, 'R.'),
    'pickle-stdlib-import',
  ],
  // fickling GHSA-mxhj-88fx-4pcv: the call's result is popped.
  ['a result that is popped', raw(proto(2), global('os', 'system'), argument, 'R0}.'), 'pickle-stdlib-import'],
  ['a result under POP_MARK', raw(proto(2), '(', global('os', 'system'), argument, 'R1}.'), 'pickle-stdlib-import'],
  ['a callee from DUP', raw(proto(2), global('os', 'system'), '2', argument, 'R.'), 'pickle-stdlib-import'],
  // picklescan GHSA-84r2-jw7c-4r5q
  ['an attribute walk', callPickle('operator', 'methodcaller'), 'pickle-stdlib-import'],
  // CVE-2025-1716
  ['a package that installs packages', callPickle('pip', 'main'), 'pickle-denied-import'],
  // picklescan CVE-2025-10157: a submodule of a denied package.
  [
    'a submodule of a denied package',
    callPickle('asyncio.unix_events', '_UnixSubprocessTransport._start'),
    'pickle-dotted-name',
  ],
  // picklescan GHSA-g38g-8gr9-h9xp (CVE-2026-56315): private modules of the standard library.
  ['a private module of the standard library', callPickle('_osx_support', '_read_output'), 'pickle-stdlib-import'],
  ['the Python 2 spelling', callPickle('__builtin__', 'eval'), 'pickle-stdlib-import'],
  // fickling GHSA-5j3x-jp52-966f
  [
    'a dotted name under an allowed module',
    raw(proto(4), stackGlobal('torch._utils', '_os.system'), argument, 'R.'),
    'pickle-dotted-name',
  ],
  // picklescan GHSA-r8g5-cgf2-4m4m
  ['a numpy helper that is exec', callPickle('numpy.f2py.crackfortran', 'getlincoef'), 'pickle-denied-import'],
  ['a function of a closed package', callPickle('torch.distributed.rpc.api', '_run_function'), 'pickle-denied-import'],
  ['a class that an allowed package imports', callPickle('sklearn.utils.fixes', 'Popen'), 'pickle-denied-import'],
  ['a bypass by a name that says what it does', callPickle('somepackage.shell', 'run_command'), 'pickle-denied-import'],
  ['nested unpickling', callPickle('torch.storage', '_load_from_bytes'), 'pickle-denied-import'],
  [
    'the result of a call that is called',
    raw(proto(2), global('collections', 'OrderedDict'), ')R', argument, 'R.'),
    'pickle-computed-call',
  ],
  [
    'a name that is computed',
    raw(proto(4), global('builtins', 'str'), ')R', shortText('system'), 0x93, '.'),
    'pickle-computed-call',
  ],
  [
    'a name too long to be kept',
    raw(proto(4), text('o'.repeat(300)), shortText('system'), 0x93, '.'),
    'pickle-computed-call',
  ],
  // modelscan #330: BUILD on something imported changes it for everybody.
  [
    'BUILD on a global',
    raw(proto(2), global('numpy', 'dtype'), '}(', text('x'), 'K', 1, 'ub.'),
    'pickle-computed-call',
  ],
  [
    'SETITEM on a global',
    raw(proto(2), global('collections', 'OrderedDict'), text('x'), 'K', 1, 's.'),
    'pickle-computed-call',
  ],
  [
    'BUILD with a callable as state',
    raw(proto(2), global('collections', 'OrderedDict'), ')R', global('builtins', 'list'), 'b.'),
    'pickle-computed-call',
  ],
  ['a call on an extension code', raw(proto(2), 0x82, 5, argument, 'R.'), 'pickle-computed-call'],
  ['a call inside a persistent id', raw(proto(2), global('os', 'system'), argument, 'RQ.'), 'pickle-stdlib-import'],
  ['a second pickle in the stream', raw(proto(2), 'N.', callPickle('os', 'system')), 'pickle-stdlib-import'],
  [
    'an unknown opcode after the call',
    raw(proto(2), global('os', 'system'), argument, 'R', 0xff),
    'pickle-broken-after-call',
  ],
  ['no STOP after the call', raw(proto(2), global('os', 'system'), argument, 'R'), 'pickle-broken-after-call'],
  [
    'a call after a BYTEARRAY8',
    raw(proto(5), bytes8(0x96, 'x'.repeat(1000)), '0', global('os', 'system'), argument, 'R.'),
    'pickle-stdlib-import',
  ],
  [
    'a call after a buffer',
    raw(proto(5), 0x97, 0x98, '0', global('os', 'system'), argument, 'R.'),
    'pickle-stdlib-import',
  ],
  [
    'a call after long numbers',
    raw('I0000001234\n0L', '9'.repeat(5000), 'L\n0F1e400\n0', global('os', 'system'), `(S'x'\ntR.`),
    'pickle-stdlib-import',
  ],
];

// Benign ones, beside the hostile ones that they resemble.
const PASSED: readonly (readonly [string, Uint8Array])[] = [
  ['plain values of protocol 0', raw('(dp0\nVa\np1\n(lp2\nI1\naVx\np3\naNas.')],
  ['plain values of protocol 4', raw(proto(4), 0x95, u64(10), '}', 0x94, shortText('a'), 0x94, 'K', 1, 's.')],
  ['payload words as data', raw(proto(4), '](', shortText('os'), shortText('system'), text('cos\nsystem\n'), 'e.')],
  [
    'every kind of number',
    raw(
      proto(2),
      '(I01\nI-5\nL12L\nF1.5\nG',
      Buffer.alloc(8),
      'J',
      u32(7),
      'M',
      1,
      2,
      0x88,
      0x89,
      'N',
      0x8a,
      1,
      5,
      0x8b,
      u32(2),
      1,
      2,
      'l.',
    ),
  ],
  [
    'every kind of container',
    raw(
      proto(4),
      '()K',
      1,
      0x85,
      'K',
      1,
      'K',
      2,
      0x86,
      'NNN',
      0x87,
      't',
      '0(NNd0',
      0x8f,
      '(K',
      1,
      0x90,
      '0(K',
      2,
      0x91,
      STOP,
    ),
  ],
  [
    'bytes of every kind',
    raw(proto(5), '(C', 1, 'x', 'B', u32(1), 'y', bytes8(0x8e, 'z'), bytes8(0x96, 'w'), 'T', u32(1), 'v', 't.'),
  ],
  ['an OrderedDict', raw(proto(2), global('collections', 'OrderedDict'), ')R', text('a'), 'K', 1, 's.')],
  ['bytes of protocol 2', raw(proto(2), global('_codecs', 'encode'), text('abc'), text('latin1'), 0x86, 'R.')],
  [
    'an estimator with its state',
    raw(
      proto(4),
      stackGlobal('sklearn.linear_model._ridge', 'Ridge'),
      ')',
      0x81,
      '}(',
      shortText('alpha'),
      'K',
      1,
      'ub.',
    ),
  ],
  ['several pickles in a row', raw(proto(2), 'N.', proto(2), 'K', 1, STOP)],
  [
    'an instance of protocol 0',
    raw('ccopy_reg\n_reconstructor\n(csklearn.svm._classes\nSVC\nc__builtin__\nobject\nNtR.'),
  ],
];

describe('the pickle machine', () => {
  test.each(BLOCKED)('blocks %s', async (_what, bytes, rule) => {
    const { verdict, findings } = await judged(bytes);
    expect(findings.filter(({ level }) => level === 'block').map((finding) => finding.rule)).toContain(rule);
    expect(verdict).toBe('block');
  });

  test.each(PASSED)('passes %s', async (_what, bytes) => {
    expect(await judged(bytes)).toMatchObject({ format: 'pickle', verdict: 'pass', findings: [] });
  });

  test.each([
    ['an unknown class', raw(proto(2), global('mypackage.models', 'Net'), ')', 0x81, STOP), 'pickle-unknown-import'],
    [
      'a class of the file that is run',
      raw(proto(2), global('__main__', 'Net'), ')', 0x81, STOP),
      'pickle-unknown-import',
    ],
    [
      'a constructor that may fetch what it is given',
      raw(proto(2), global('sentence_transformers.models.Transformer', 'Transformer'), args1(text('distilbert')), 'R.'),
      'pickle-constructor',
    ],
    ['an extension code', raw(proto(2), 0x84, u32(70_000), STOP), 'pickle-extension'],
    ['a persistent id that nobody resolves', raw(proto(2), text('x'), 'Q.'), 'pickle-persistent-id'],
    ['a textual persistent id', raw('Pabc\n.'), 'pickle-persistent-id'],
    [
      'attributes that may change an object',
      raw(proto(2), global('collections', 'OrderedDict'), ')R}(', text('__bool__'), 'K', 1, 'ub.'),
      'pickle-attribute',
    ],
    ['a break before any call', raw(proto(2), '}', 0xff), 'pickle-broken'],
    ['a missing memo entry', raw(proto(2), 'h', 3, STOP), 'pickle-broken'],
    ['a pop below the mark', raw(proto(2), 'N(R.'), 'pickle-broken'],
    ['bytes after the STOP', raw(proto(2), 'N.', '\xff\xfe\xfd'), 'trailing-bytes'],
    [
      'bytes after the STOP of a pickle that calls',
      raw(proto(2), global('collections', 'OrderedDict'), ')R.', '\n'),
      'trailing-bytes',
    ],
    ['a constant longer than the file', raw(proto(2), 'X', u32(1_000_000), 'abc'), 'pickle-broken'],
    ['a constant of a negative length', raw(proto(2), 'T', u32(0xffff_ffff), 'abc'), 'pickle-broken'],
  ])('asks for a review of %s', async (_what, bytes, rule) => {
    const { verdict } = await judged(bytes);
    expect(verdict).toBe('review');
    expect(await rulesOf(bytes)).toContain(rule);
  });

  test('says what would be called, with what, and where', async () => {
    const { findings } = await judged(callPickle('os', 'system'));
    expect(findings[0]).toMatchObject({ rule: 'pickle-stdlib-import', level: 'block', offset: 35 });
    expect(findings[0]?.message).toMatch(
      /^calls os\.system\("echo benign-test"\) at byte 35 \(REDUCE; imported at byte 2 by GLOBAL\): /,
    );
  });

  test('shows a chain of calls as one would write it', async () => {
    const inner = raw(global('builtins', '__import__'), args1(text('os')), 'R');
    const chain = raw(proto(2), global('builtins', 'getattr'), inner, text('system'), 0x86, 'R', argument, 'R.');
    const { findings } = await judged(chain);
    const computed = findings.find(({ rule }) => rule === 'pickle-computed-call');
    expect(computed?.message).toMatch(
      /^calls builtins\.getattr\(builtins\.__import__\("os"\), "system"\)\("echo benign-test"\) at byte /,
    );
  });

  test('keeps foreign text out of the terminal', async () => {
    const { findings } = await judged(callPickle('os\u001b[2J', 'sys\u0007tem'));
    expect(findings.length).toBeGreaterThan(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    for (const { message } of findings) expect(message).not.toMatch(/[\x00-\x1f\x7f-\uffff]/);
  });

  test('counts a repeated call once, with its first place', async () => {
    const call = raw(global('os', 'system'), argument, 'R0');
    const { pickle } = await factsOf(raw(proto(2), ...Array.from({ length: 500 }, () => call), 'N.'));
    expect(pickle?.calls).toMatchObject([{ module: 'os', name: 'system', count: 500, offset: 35 }]);
  });

  test('passes over a large constant without keeping it', async () => {
    const large = Buffer.alloc(5_000_000, 0x2e);
    const { verdict } = await judged(raw(proto(4), 'X', u32(large.length), large, STOP));
    expect(verdict).toBe('pass');
    const hostile = raw(proto(4), 'X', u32(large.length), large, '0', global('os', 'system'), argument, 'R.');
    expect((await judged(hostile)).verdict).toBe('block');
  });

  test('takes deep nesting without recursion', async () => {
    const deep = raw(proto(2), ']'.repeat(200_000), 'a'.repeat(199_999), STOP);
    expect((await judged(deep)).verdict).toBe('pass');
  });

  test('says unscannable when a budget is hit, with limit and actual', async () => {
    const marks = raw(proto(2), Buffer.alloc(5_000_001, 'N'), STOP);
    const { verdict, findings } = await judged(marks);
    expect(verdict).toBe('unscannable');
    expect(findings[0]?.message).toBe(
      'could not be read to its end: stack is limited to 5000000, and 5000001 was reached',
    );
  });
});

describe('a pickle without its magic', () => {
  test('is recognised in a file that says it is text', async () => {
    const hostile = raw(`cos\nsystem\n(S'${PAYLOAD}'\ntR.`);
    expect(await judged(hostile, 'vocab.txt')).toMatchObject({ format: 'pickle', verdict: 'block' });
  });

  test.each([
    ['a vocabulary that begins like an import', 'cat\ndog\n(R\nbird\n'],
    ['a sentence in brackets', '(in a nutshell\nit is text)\n'],
    ['a list of imports', 'cos\nsystem\nbuiltins\neval\n'],
    ['prose', 'No. 1: import os; os.system("x")\n'],
  ])('is not seen in %s', async (_what, content) => {
    expect(await judged(content, 'vocab.txt')).toEqual({ format: 'text', verdict: 'pass', findings: [] });
  });
});

describe('a legacy torch file', () => {
  const object = stateDict({ 'fc.weight': 8, 'fc.bias': 2 });

  test('passes when the storages are exactly those of its persistent ids', async () => {
    const file = legacyTorch(object, ['0', '1'], [floatStorage(8), floatStorage(2)]);
    expect(await judged(file, 'model.pt')).toMatchObject({ format: 'torch-legacy', verdict: 'pass', findings: [] });
  });

  test('may hold any bytes in its storages', async () => {
    const lookalike = raw(u64(8), callPickle('os', 'system').subarray(0, 32).toString('latin1').padEnd(32, '.'));
    const file = legacyTorch(object, ['0', '1'], [lookalike, floatStorage(2)]);
    expect((await judged(file, 'model.pt')).verdict).toBe('pass');
  });

  test.each([
    [
      'a storage too many',
      legacyTorch(object, ['0', '1', '2'], [floatStorage(8), floatStorage(2), floatStorage(1)]),
      'torch-storage',
    ],
    [
      'a storage that is cut off',
      legacyTorch(object, ['0', '1'], [floatStorage(8), floatStorage(2).subarray(0, 12)]),
      'torch-storage',
    ],
    [
      'bytes after the last storage',
      legacyTorch(object, ['0', '1'], [floatStorage(8), floatStorage(2), raw('xx')]),
      'trailing-bytes',
    ],
    [
      'a pickle after the last storage',
      legacyTorch(object, ['0', '1'], [floatStorage(8), floatStorage(2), callPickle('os', 'system')]),
      'trailing-payload',
    ],
  ])('reports %s', async (_what, file, rule) => {
    expect(await rulesOf(file, 'model.pt')).toContain(rule);
  });

  test('is blocked for what its object calls', async () => {
    const hostile = stateDict({ w: 1 }, raw(text('x'), global('os', 'system'), argument, 'Rs'));
    const file = legacyTorch(hostile, ['0'], [floatStorage(1)]);
    expect(await judged(file, 'model.pt')).toMatchObject({ format: 'torch-legacy', verdict: 'block' });
  });
});

describe('a joblib file', () => {
  const wrapper = (dtype: string, items: number) =>
    raw(
      stackGlobal('joblib.numpy_pickle', 'NumpyArrayWrapper'),
      ')',
      0x81,
      '}(',
      shortText('shape'),
      raw('K', items, 0x85),
      shortText('dtype'),
      raw(stackGlobal('numpy', 'dtype'), shortText(dtype), 0x89, 0x88, 0x87, 'R'),
      shortText('numpy_array_alignment_bytes'),
      raw('K', 16),
      'ub',
    );

  test('passes over an array by the length that dtype and shape give', async () => {
    const lookalike = callPickle('os', 'system').subarray(0, 32);
    const file = raw(proto(4), wrapper('f8', 4), 2, '\xff\xff', lookalike, STOP);
    expect(await judged(file, 'model.joblib')).toMatchObject({ format: 'pickle', verdict: 'pass', findings: [] });
  });

  test('runs on behind the array', async () => {
    const file = raw(proto(4), wrapper('f8', 1), 0, Buffer.alloc(8), '0', global('os', 'system'), argument, 'R.');
    expect((await judged(file, 'model.joblib')).verdict).toBe('block');
  });

  test('reads an array of objects as the pickle that it is', async () => {
    const file = raw(proto(4), wrapper('O8', 1), callPickle('os', 'system'), STOP);
    expect(await rulesOf(file, 'model.joblib')).toContain('pickle-stdlib-import');
  });

  test('does not pass an array whose length it can not tell', async () => {
    const file = raw(proto(4), wrapper('V12', 1), 0, Buffer.alloc(12), STOP);
    expect((await judged(file, 'model.joblib')).verdict).not.toBe('pass');
  });
});
