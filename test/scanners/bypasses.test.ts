// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged } from './judged.ts';
import {
  args1,
  callPickle,
  global,
  legacyTorch,
  PAYLOAD,
  proto,
  raw,
  STOP,
  shortText,
  stackGlobal,
  text,
  u64,
} from './pickle-bytes.ts';

/** What other scanners let through, as published: the advisory, the gadget's module and name. */
const PUBLISHED: readonly (readonly [advisory: string, module: string, name: string])[] = [
  // -- picklescan: names that a list of dangerous names did not have
  ['GHSA-655q-fx9r-782v', 'pip', 'main'],
  ['GHSA-v7x6-rv5q-mhwc', 'timeit', 'timeit'],
  ['GHSA-q77w-mwjj-7mqx', 'asyncio.unix_events', '_UnixSubprocessTransport._start'],
  ['GHSA-49gj-c84q-6qm9', 'cProfile', 'run'],
  ['GHSA-9w88-8rmg-7g2p', 'cProfile', 'runctx'],
  ['GHSA-x696-vm39-cp64', 'profile', 'Profile.run'],
  ['GHSA-6vqj-c2q5-j97w', 'profile', 'Profile.runctx'],
  ['GHSA-7wx9-6375-f5wh', 'profile', 'run'],
  ['GHSA-5qwp-399c-mjwf', 'trace', 'Trace.run'],
  ['GHSA-g344-hcph-8vgg', 'trace', 'Trace.runctx'],
  ['GHSA-3vg9-h568-4w9m', 'idlelib.debugobj', 'ObjectTreeItem.SetText'],
  ['GHSA-6w4w-5w54-rjvr', 'idlelib.autocomplete', 'AutoComplete.get_entity'],
  ['GHSA-7cq8-mj8x-j263', 'idlelib.autocomplete', 'AutoComplete.fetch_completions'],
  ['GHSA-8r4j-24qv-fmq9', 'idlelib.calltip', 'Calltip.fetch_tip'],
  ['GHSA-9xph-j2h6-g47v', 'idlelib.calltip', 'get_entity'],
  ['GHSA-m869-42cg-3xwr', 'idlelib.run', 'Executive.runcode'],
  ['GHSA-j343-8v2j-ff7w', 'idlelib.pyshell', 'ModifiedInterpreter.runcommand'],
  ['GHSA-3gf5-cxq9-w223', 'idlelib.pyshell', 'ModifiedInterpreter.runcode'],
  ['GHSA-f54q-57x4-jg88', 'lib2to3.pgen2.grammar', 'Grammar.loads'],
  ['GHSA-p9w7-82w4-7q8m', 'lib2to3.pgen2.pgen', 'ParserGenerator.make_label'],
  ['GHSA-xp4f-hrf8-rxw7', 'ensurepip', '_run_pip'],
  ['GHSA-fqq6-7vqf-w3fg', 'doctest', 'debug_script'],
  ['GHSA-cj3c-v495-4xqh', 'code', 'InteractiveInterpreter.runcode'],
  ['GHSA-4r9r-ch6f-vxmx', 'torch.utils.bottleneck.__main__', 'run_cprofile'],
  ['GHSA-4whj-rm5r-c2v8', 'torch.utils.bottleneck.__main__', 'run_autograd_prof'],
  ['GHSA-86cj-95qr-2p4f', 'torch._dynamo.guards', 'GuardBuilder.get'],
  ['GHSA-f4x7-rfwp-v3xw', 'torch.fx.experimental.symbolic_shapes', 'ShapeEnv.evaluate_guards_expression'],
  ['GHSA-f745-w6jp-hpxx', 'torch.utils.collect_env', 'run'],
  ['GHSA-jhph-76pp-mggw', 'torch.utils.collect_env', 'run_and_read_all'],
  ['GHSA-h3qp-7fh3-f8h4', 'torch.utils.data.datapipes.utils.decoder', 'basichandlers'],
  ['GHSA-vr7h-p6mm-wpmh', 'torch.jit.unsupported_tensor_ops', 'execWrapper'],
  ['GHSA-vv6j-3g6g-2pvj', 'torch.utils._config_module', 'ConfigModule.load_config'],
  ['GHSA-4675-36f9-wf6r', 'ctypes', 'CDLL'],
  ['GHSA-84r2-jw7c-4r5q', 'operator', 'methodcaller'],
  ['GHSA-84r2-jw7c-4r5q', 'pydoc', 'locate'],
  ['GHSA-955r-x9j8-7rhh', '_operator', 'methodcaller'],
  ['GHSA-46h3-79wf-xr6c', '_operator', 'attrgetter'],
  ['GHSA-m273-6v24-x4m4', 'distutils.file_util', 'write_file'],
  ['GHSA-r8g5-cgf2-4m4m', 'numpy.f2py.crackfortran', 'getlincoef'],
  ['GHSA-vqmv-47xg-9wpr', 'pty', 'spawn'],
  ['GHSA-vvpj-8cmc-gx39', 'pkgutil', 'resolve_name'],
  ['GHSA-g38g-8gr9-h9xp', 'uuid', '_get_command_stdout'],
  ['GHSA-g38g-8gr9-h9xp', 'imaplib', 'IMAP4_stream'],
  ['GHSA-g38g-8gr9-h9xp', '_osx_support', '_read_output'],
  ['GHSA-g38g-8gr9-h9xp', '_aix_support', '_read_cmd_output'],
  ['GHSA-g38g-8gr9-h9xp', '_pyrepl.pager', 'pipe_pager'],
  ['GHSA-g38g-8gr9-h9xp', 'test.support.script_helper', 'assert_python_ok'],
  ['GHSA-f7qq-56ww-84cr', 'asyncio.base_subprocess', 'BaseSubprocessTransport'],
  ['GHSA-f7qq-56ww-84cr', 'aiohttp.client', 'request'],
  ['GHSA-9726-w42j-3qjr', '_io', 'FileIO'],
  ['GHSA-9726-w42j-3qjr', 'urllib.request', 'urlopen'],
  ['GHSA-9m3x-qqw2-h32h', 'cloudpickle.cloudpickle', '_make_function'],
  ['GHSA-9m3x-qqw2-h32h', 'types', 'CodeType'],
  ['GHSA-m7j5-r2p5-c39r', 'logging', 'FileHandler'],
  // -- fickling
  ['GHSA-wfq2-52f7-7qvj', 'runpy', 'run_module'],
  ['GHSA-p523-jq9w-64x9', 'cProfile', 'run'],
  ['GHSA-h4rm-mm56-xf63', 'builtins', '__import__'],
  ['GHSA-5cxw-w2xg-2m8h', 'platform', '_syscmd_file'],
  ['GHSA-r48f-3986-4f9c', 'linecache', 'getlines'],
  ['GHSA-r48f-3986-4f9c', 'difflib', 'context_diff'],
  ['GHSA-r48f-3986-4f9c', 'gc', 'get_objects'],
  ['GHSA-m6fh-58r7-x697', '_posixsubprocess', 'fork_exec'],
  ['GHSA-m6fh-58r7-x697', 'site', 'addpackage'],
  ['GHSA-m6fh-58r7-x697', 'atexit', 'register'],
  ['GHSA-pc6j-px3p-rrj4', 'doctest', 'testsource'],
  ['GHSA-pc6j-px3p-rrj4', 'test.support.import_helper', 'import_module'],
  ['GHSA-pc6j-px3p-rrj4', 'unittest.mock', '_importer'],
  ['GHSA-wccx-j62j-r448', '_pickle', 'loads'],
  ['GHSA-fphw-536r-4p88', 'pickle', '_loads'],
  ['GHSA-r7v6-mfhq-g3m2', 'pty', 'spawn'],
  ['GHSA-565g-hwwr-4pp3', 'marshal', 'loads'],
  ['GHSA-565g-hwwr-4pp3', 'types', 'FunctionType'],
  ['GHSA-q5qq-mvfm-j35x', 'runpy', 'run_path'],
  ['GHSA-q5qq-mvfm-j35x', 'multiprocessing.util', 'spawnv_passfds'],
  ['GHSA-5hvc-6wx8-mvv4', 'pydoc', 'locate'],
  ['GHSA-mxhj-88fx-4pcv', 'smtplib', 'SMTP'],
  ['GHSA-5hwf-rc88-82xm', '_osx_support', '_find_build_tool'],
  ['GHSA-5j3x-jp52-966f', 'pathlib', 'os.system'],
  ['GHSA-cffv-grgg-g429', 'ast', 'parse'],
  ['GHSA-6ggj-6f2q-f7mx', '_interpreters', 'create'],
  // -- loaders that unpickle what they are given
  ['CVE-2019-6446', 'numpy', 'load'],
  ['CVE-2020-13091', 'pandas.io.pickle', 'read_pickle'],
  ['CVE-2020-13092', 'joblib.numpy_pickle', 'load'],
  ['CVE-2022-21797', 'joblib.parallel', 'Parallel'],
  ['CVE-2025-32434', 'torch.serialization', 'load'],
];

/** Names that resemble them, as honest libraries write them. */
const HONEST: readonly (readonly [module: string, name: string, resembles: string])[] = [
  ['uuid', 'UUID', 'a module with a gadget'],
  ['pathlib', 'PosixPath', 'a module that has imported os'],
  ['numpy.random._pickle', '__randomstate_ctor', 'a private function'],
  ['torch._utils', '_rebuild_parameter', 'a private function of torch'],
  ['collections', 'OrderedDict', 'the standard library'],
  ['logging', 'getLogger', 'a module that opens files'],
  ['joblib.numpy_pickle', 'NumpyArrayWrapper', 'a module that loads files'],
  ['re', '_compile', 'a private function that compiles'],
];

const argument = args1(text(PAYLOAD));

describe('a published bypass', () => {
  test.each(PUBLISHED)('%s is blocked: %s.%s', async (_advisory, module, name) => {
    const called = raw(proto(4), stackGlobal(module, name), argument, 'R.');
    expect((await judged(called)).verdict).toBe('block');
    expect((await judged(callPickle(module, name))).verdict).toBe('block');
  });

  test.each(HONEST)('has %s.%s for a look-alike, which passes: %s', async (module, name) => {
    const called = raw(proto(4), stackGlobal(module, name), argument, 'R.');
    expect(await judged(called)).toMatchObject({ verdict: 'pass', findings: [] });
  });
});

describe('a bypass of the parser', () => {
  const system = raw(global('os', 'system'), argument, 'R');
  test.each([
    // fickling GHSA-mxhj-88fx-4pcv: the result of OBJ is popped.
    ['OBJ that is popped', raw('(', global('os', 'system'), text(PAYLOAD), 'o0N.')],
    // fickling GHSA-mhc9-48gj-9gp3: BUILD after REDUCE.
    ['REDUCE and BUILD', raw(proto(2), system, '}b.')],
    // picklescan, tests/data2/keyerror-exploit.pkl: a memo entry that a scanner does not expect.
    ['a GET of a large index', raw(text('os'), 'p+00_7\n0', text('system'), 'p8\n0g7\ng8\n', 0x93, argument, 'R.')],
    // picklescan #22: the memo is not what was pushed last.
    [
      'a memo that is filled twice',
      raw(
        proto(4),
        shortText('os'),
        'q',
        0,
        shortText('re'),
        'q',
        1,
        'h',
        0,
        shortText('system'),
        0x93,
        argument,
        'R.',
      ),
    ],
    // modelscan #330: the builtins of a module, changed by BUILD.
    ['BUILD on a module', raw(proto(4), stackGlobal('torch', '_utils'), '}', text('x'), 'K', 1, 'sb.')],
    // picklescan GHSA-97f8-7cmv-76j2: the magic number is computed.
    [
      'a legacy file whose magic number is computed',
      raw(callPickle('builtins', 'eval'), legacyTorch(raw('N.'), [], [])),
    ],
    ['a name that begins in one frame and ends in the next', raw(proto(4), 0x95, u64(6), 'cre\nmy', 'Pattern\n.')],
    ['INST without a mark, which imports before it fails', raw(proto(2), 'Nios\nsystem\n.')],
    ['a number with a zero byte', raw('I1\0junk\n0', system, STOP)],
  ])('is blocked: %s', async (_what, bytes) => {
    expect((await judged(bytes)).verdict).toBe('block');
  });
});

describe('an allowed callable', () => {
  const rebuildAs = (callee: Uint8Array, args: Uint8Array) =>
    raw(
      proto(2),
      global('torch._tensor', '_rebuild_from_type_v2'),
      '(',
      callee,
      global('torch', 'Tensor'),
      args,
      '}tR.',
    );
  test.each([
    [
      'calls a function that may only be named',
      rebuildAs(global('numpy', 'log1p'), argument),
      rebuildAs(global('torch._utils', '_rebuild_tensor'), argument),
    ],
    [
      'makes a factory of a function that may only be named',
      raw(proto(2), global('collections', 'defaultdict'), global('builtins', 'getattr'), 0x85, 'R.'),
      raw(proto(2), global('collections', 'defaultdict'), global('builtins', 'list'), 0x85, 'R.'),
    ],
    [
      'calls what a random generator is given',
      raw(proto(2), global('numpy.random._pickle', '__generator_ctor'), text('x'), global('numpy', 'sum'), 0x86, 'R.'),
      raw(
        proto(2),
        global('numpy.random._pickle', '__generator_ctor'),
        text('PCG64'),
        global('numpy.random._pickle', '__bit_generator_ctor'),
        0x86,
        'R.',
      ),
    ],
    [
      'runs source in its state',
      raw(
        proto(2),
        global('scipy.stats._continuous_distns', 'norm_gen'),
        ')\x81}',
        text('_parse_arg_template'),
        text('import os'),
        'sb.',
      ),
      raw(
        proto(2),
        global('scipy.stats._continuous_distns', 'norm_gen'),
        ')\x81}',
        text('_parse_arg_template'),
        text('\ndef _parse_args(self,  loc=0, scale=1):\n    return (), loc, scale\n'),
        'sb.',
      ),
    ],
    [
      'gets an attribute that is called',
      raw(proto(2), global('argparse', 'Namespace'), ')\x81}', text('__setstate__'), global('builtins', 'len'), 'sb.'),
      raw(proto(2), global('argparse', 'Namespace'), ')\x81}', text('setstate'), global('builtins', 'len'), 'sb.'),
    ],
    [
      'gets such an attribute after its state was set',
      raw(proto(2), global('argparse', 'Namespace'), ')\x81}q\x01b0h\x01', text('__setstate__'), 'Ns0N.'),
      raw(proto(2), '}q\x010h\x01', text('__setstate__'), 'Ns0N.'),
    ],
  ])('is blocked where it %s, beside an honest one', async (_what, hostile, honest) => {
    expect((await judged(hostile)).verdict).toBe('block');
    expect(await judged(honest)).toMatchObject({ verdict: 'pass', findings: [] });
  });

  test('may not transform text by another codec', async () => {
    const encoded = (codec: string) => raw(proto(2), global('_codecs', 'encode'), text('abc'), text(codec), 0x86, 'R.');
    expect((await judged(encoded('rot13'))).verdict).toBe('review');
    expect((await judged(encoded('latin1'))).verdict).toBe('pass');
  });
});

describe('a call that no rule knows', () => {
  const call = (...args: readonly Uint8Array[]) =>
    raw(proto(4), stackGlobal('some_vendor.util', 'rebuild'), '(', ...args, 'tR.');
  test.each(['echo benign-test', "print('x')", '/tmp/x', 'http://localhost/', 'model.pkl', '--version'])(
    'is blocked when it is given %s',
    async (argument_) => {
      const { verdict, findings } = await judged(call(shortText(argument_)));
      expect(verdict).toBe('block');
      expect(findings.map(({ rule }) => rule)).toContain('pickle-unknown-call');
    },
  );

  const unknown = (module: string, name: string, ...args: readonly Uint8Array[]) =>
    raw(proto(4), stackGlobal(module, name), '(', ...args, 'tR.');
  test.each([
    ['some_vendor.util', 'later', '_unpickle_later'],
    ['some_vendor.util', 'shutdown', '__pyx_unpickle_Shutdown'],
    ['some_vendor.util', 'feed', '_reconstruct'],
    ['other.core', 'frozendict', 'FrozenDict'],
  ])('is blocked where the function does not rebuild: %s.%s beside %s', async (module, hostile, honest) => {
    expect(await judged(unknown(module, hostile, raw('K', 1)))).toMatchObject({
      verdict: 'block',
      findings: [{ rule: 'pickle-unknown-call' }],
    });
    expect((await judged(unknown(module, honest, raw('K', 1)))).verdict).toBe('review');
  });

  test('is held where the program that wrote the file had the function', async () => {
    expect((await judged(unknown('__main__', 'colour', shortText('red')))).verdict).toBe('review');
    expect((await judged(unknown('__main__', 'colour', shortText('echo benign-test')))).verdict).toBe('block');
  });

  test('of a constructor that may only rebuild is blocked by its arguments too', async () => {
    const made = (argument_: string) => unknown('sympy.core.add', 'Add', shortText(argument_));
    expect((await judged(made("__import__('os')"))).verdict).toBe('block');
    expect((await judged(made('x'))).verdict).toBe('review');
  });

  test.each(['_private', '_pybind_module'])('of a private module of its own is blocked: %s', async (module) => {
    expect((await judged(unknown(module, 'Thing', raw('K', 1)))).verdict).toBe('block');
    expect((await judged(unknown(`vendor.${module}`, 'Thing', raw('K', 1)))).verdict).toBe('review');
  });

  test('is blocked when a harmless call of the same function hides it', async () => {
    const first = call(raw('K', 1)).subarray(0, -1);
    expect((await judged(raw(first, '0', call(shortText('echo benign-test')).subarray(2)))).verdict).toBe('block');
  });

  test.each([
    ['a number', raw('K', 1)],
    ['a word', shortText('float32')],
  ])('is held for a review when it is given %s', async (_what, argument_) => {
    expect((await judged(call(argument_))).verdict).toBe('review');
  });
});

describe('an attribute of something imported', () => {
  const attribute = (module: string, name: string, taken: string) =>
    raw(proto(4), stackGlobal('builtins', 'getattr'), stackGlobal(module, name), shortText(taken), 0x86, 'R.');
  test('is judged as the dotted name that it is', async () => {
    const { verdict, findings } = await judged(attribute('torch', 'serialization', 'load'));
    expect(verdict).toBe('block');
    expect(findings.map(({ rule }) => rule)).toContain('pickle-dotted-name');
  });

  test('passes when it is a member of an enumeration', async () => {
    const member = attribute('transformers.trainer_utils', 'IntervalStrategy', 'STEPS');
    expect(await judged(member)).toMatchObject({ verdict: 'pass', findings: [] });
  });
});

test('names from the memo are traced to it', async () => {
  const bytes = raw(
    proto(4),
    shortText('os'),
    0x94,
    '0',
    shortText('system'),
    0x94,
    '0',
    'h\x00h\x01',
    0x93,
    argument,
    'R.',
  );
  const { findings } = await judged(bytes);
  expect(findings[0]?.message).toMatch(
    /^calls os\.system\("echo benign-test"\) at byte \d+ \(REDUCE; imported at byte \d+ by STACK_GLOBAL from the memo\): /,
  );
});
