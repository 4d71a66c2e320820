// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, global, proto, raw, STOP, stackGlobal, stateDict, text } from './pickle-bytes.ts';
import { type MemberSpec, zipOf } from './zip-bytes.ts';

const CODE = `class Net(Module):
  __parameters__ = ["weight", "bias", ]
  __buffers__ = []
  weight : Tensor
  bias : Tensor
  training : bool
  _is_full_backward_hook : Optional[bool]
  conv1 : __torch__.torch.nn.modules.conv.Conv2d
  __annotations__["0"] = __torch__.torch.nn.modules.linear.___torch_mangle_0.Linear
  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
    _0 = __torch__.torch.nn.functional.relu
    conv1 = self.conv1
    _1 = getattr(self, "0")
    _2 = (_1).forward((conv1).forward(x, ), )
    _3 = ops.prim.NumToTensor(torch.size(x, 0))
    _4 = annotate(List[int], [-1, int(_3)])
    if torch.__isnot__(None, None):
      _5 = ops.prim.RaiseException("AssertionError: ")
    else:
      pass
    boxes = ops.torchvision.nms(x, x, 0.69999999999999996)
    x0 = torch.conv2d(torch.add(x, CONSTANTS.c0, alpha=1), self.weight, self.bias, [1, 1])
    for _6 in range(3):
      x0 = torch.slice(x0, 0, 0, 9223372036854775807, 1)
    return _0(torch.view(x0, _4), False, )
`;

/** A module without state, as torch/csrc/jit/serialization/pickler.cpp writes it. */
const object = (module: string, name: string) =>
  raw(proto(2), global(module, name), 'q', 0, ')', 0x81, '}q', 1, '(', text('training'), 0x89, 'ub', STOP);
const data = raw(
  proto(2),
  global('__torch__', 'Net'),
  ')',
  0x81,
  '}(',
  text('sizes'),
  global('torch.jit._pickle', 'build_intlist'),
  '](K',
  1,
  'e',
  0x85,
  'R',
  text('conv1'),
  global('__torch__.torch.nn.modules.conv', 'Conv2d'),
  ')',
  0x81,
  '}b',
  'ub',
  STOP,
);
const EMPTY = raw(proto(2), ')', STOP);

function archive(code: string, more: readonly MemberSpec[] = [], object: Uint8Array = data): Buffer {
  return zipOf([
    { name: 'net/data.pkl', data: object },
    { name: 'net/code/__torch__.py', data: raw(code), deflate: true },
    { name: 'net/code/__torch__.py.debug_pkl', data: raw(proto(2), '](K', 0, text('a.py'), 'e', STOP), deflate: true },
    { name: 'net/constants.pkl', data: EMPTY },
    { name: 'net/version', data: raw('3\n') },
    ...more,
  ]);
}

const forward = (...lines: string[]) =>
  `class Net(Module):\n  def forward(self: __torch__.Net,\n    x: Tensor) -> Tensor:\n${lines.map((line) => `    ${line}\n`).join('')}    return x\n`;

describe('a TorchScript archive', () => {
  test.each(['model.pt', 'model.ptl', 'model.pth', 'pytorch_model.bin'])('passes as %s', async (path) => {
    expect(await judged(archive(CODE), path)).toMatchObject({ format: 'torchscript', verdict: 'pass', findings: [] });
  });

  test('is told by its operators and classes', async () => {
    const facts = await factsOf(
      archive(forward('_0 = ops.image.decode_png(x)', 'w : __torch__.torch.classes.quantized.LinearPackedParamsBase')),
    );
    expect(facts.members?.find(({ name }) => name === 'net/code/__torch__.py')).toMatchObject({
      format: 'torchscript-code',
      uses: expect.arrayContaining([
        { scheme: 'torchscript-operator', name: 'image::decode_png', at: 'line 4' },
        { scheme: 'torchscript-class', name: 'quantized.LinearPackedParamsBase', at: 'line 5' },
      ]),
    });
  });

  test.each([
    ['writes a file', '_0 = torch.save(x, "a")', 'torchscript-file'],
    ['reads a file', '_0 = torch.from_file("a", True, 3)', 'torchscript-file'],
    ['names the operator in full', '_0 = ops.aten.from_file("a", True, 3)', 'torchscript-file'],
    ['goes around by autograd', '_0 = ops.x.autograd.save(x, "a")', 'torchscript-file'],
    ['calls it as a method', '_0 = (x).save("a", )', 'torchscript-file'],
    ['calls it on a text', '_0 = ("a").from_file(True, 3)', 'torchscript-file'],
    ['puts it aside', '_0 = torch.save', 'torchscript-file'],
    ['takes it as an attribute', '_0 = (getattr(x, "sa" "ve"))("a", )', 'torchscript-file'],
    ['gives the vocabulary another name', '_0 = ops', 'torchscript-operator'],
    ['gives the classes another name', '_0 = __torch__.torch', 'torchscript-class'],
    ['reads by torchvision', '_0 = ops.image.read_file("a")', 'torchscript-file'],
    ['reads by torchaudio', '_0 = ops.torchaudio.sox_io_load_audio_file("a")', 'torchscript-file'],
    ['opens an address', '_0 = __torch__.torch.classes.torchaudio.ffmpeg_StreamReader.__new__(x)', 'torchscript-file'],
    ['calls another machine', '_0 = rpc_async("w", x)', 'torchscript-file'],
    ['calls Python', '_0 = ^f()(x)', 'torchscript-python'],
  ])('is blocked for code that %s', async (_what, line, rule) => {
    const { verdict, findings } = await judged(archive(forward(line)), 'model.pt');
    expect(findings.map((finding) => finding.rule)).toContain(rule);
    expect(verdict).toBe('block');
  });

  test.each([
    ['an operator of another library', '_0 = ops.mine.add(x)', 'torchscript-operator'],
    ['a class of another library', '_0 = __torch__.torch.classes.mine.Thing.__new__(x)', 'torchscript-class'],
    ['a source that breaks off', '_0 = "', 'torchscript-broken'],
  ])('asks for a review for %s', async (_what, line, rule) => {
    const { verdict, findings } = await judged(archive(forward(line)), 'model.pt');
    expect(findings.map((finding) => finding.rule)).toContain(rule);
    expect(verdict).toBe('review');
  });

  test('is blocked for Python in the place of its code', async () => {
    expect((await judged(archive('import os\nos.system("echo")\n'), 'model.pt')).verdict).toBe('block');
  });

  test('asks for a review for Python beside its code', async () => {
    const bytes = archive(CODE, [{ name: 'net/extra/a.py', data: raw('a = 1\n') }]);
    expect(await rulesOf(bytes, 'model.pt')).toEqual(['custom-code']);
  });

  test.each<[string, Uint8Array, string[]]>([
    [
      'passes for weights of a quantized layer',
      object('__torch__.torch.classes.quantized', 'LinearPackedParamsBase'),
      [],
    ],
    ['asks about a class of another library', object('__torch__.torch.classes.mine', 'Thing'), ['torchscript-class']],
    [
      'refuses a function that is called',
      raw(proto(2), stackGlobal('__torch__', 'f'), ')R', STOP),
      ['pickle-unknown-call'],
    ],
    ['is blocked for a call', callPickle('os', 'system'), ['pickle-stdlib-import']],
  ])('%s in its pickle', async (_what, pickle, expected) => {
    expect(await rulesOf(archive(CODE, [], pickle), 'model.pt')).toEqual(expected);
  });

  test.each([
    ['aten::add', []],
    ['aten::save', ['torchscript-file']],
    ['mine::add', ['torchscript-operator']],
  ])('for mobiles is judged by its instructions: %s', async (name, expected) => {
    const bytecode = raw(
      proto(2),
      'K',
      4,
      text('__torch__.Net.forward'),
      text(name),
      text(''),
      'K',
      2,
      0x87,
      0x87,
      STOP,
    );
    const bytes = archive(CODE, [{ name: 'net/bytecode.pkl', data: bytecode }]);
    expect(await rulesOf(bytes, 'model.ptl')).toEqual(expected);
  });
});

describe('a package of torch', () => {
  const packaged = (source: string, ...more: MemberSpec[]) =>
    zipOf([
      { name: 'p/.data/extern_modules', data: raw('torch\n') },
      { name: 'p/.data/version', data: raw('6\n') },
      { name: 'p/net.py', data: raw(source) },
      ...more,
    ]);

  test('asks for a review', async () => {
    expect(await rulesOf(packaged('class Net: pass\n'), 'model.pt')).toEqual(['custom-code', 'torch-package']);
  });

  test('is blocked for what its modules do at import', async () => {
    expect((await judged(packaged('import os\nos.system("echo")\n'), 'model.pt')).verdict).toBe('block');
  });

  test('is blocked for the call of its pickle', async () => {
    const bytes = packaged('a = 1\n', { name: 'p/model/model.pkl', data: callPickle('os', 'system') });
    expect((await judged(bytes, 'model.pt')).verdict).toBe('block');
  });

  test('hides no code of TorchScript', async () => {
    const bytes = archive(forward('_0 = torch.save(x, "a")'), [{ name: 'net/.data/extern_modules', data: raw('') }]);
    expect(await rulesOf(bytes, 'model.pt')).toContain('torchscript-file');
  });
});

describe('a program of torch.export', () => {
  const node = (target: string) => ({ target, inputs: [{ name: 'self', arg: { as_tensor: { name: 'x' } } }] });
  const exported = (target: string, ...more: MemberSpec[]) =>
    zipOf([
      { name: 'm/archive_format', data: raw('pt2') },
      { name: 'm/archive_version', data: raw('0') },
      { name: 'm/byteorder', data: raw('little') },
      {
        name: 'm/models/model.json',
        data: raw(JSON.stringify({ graph_module: { graph: { nodes: [node(target)] } }, schema_version: { major: 8 } })),
      },
      { name: 'm/data/weights/weight_0', data: raw('\x01\x02\x00\xff\xfe\x03\x04\x05') },
      ...more,
    ]);

  test.each(['torch.ops.aten.linear.default', '_operator.getitem', 'torch.sym_max'])(
    'passes for %s',
    async (target) => {
      expect(await judged(exported(target), 'model.pt2')).toEqual({
        format: 'torch-export',
        verdict: 'pass',
        findings: [],
      });
    },
  );

  test.each([
    ['torch.hub.load', 'torch-export-target', 'block'],
    ['torch.serialization.os.system', 'torch-export-target', 'block'],
    ['_operator.methodcaller', 'torch-export-target', 'block'],
    ['torch.ops.aten.from_file.default', 'torchscript-file', 'block'],
    ['torch.ops.mine.add.default', 'torchscript-operator', 'review'],
    ['mine.add', 'torch-export-target', 'review'],
  ])('is not passed for %s', async (target, rule, verdict) => {
    const scan = await judged(exported(target), 'model.pt2');
    expect(scan.findings.map((finding) => finding.rule)).toContain(rule);
    expect(scan.verdict).toBe(verdict);
  });

  test('is blocked for a compiled library', async () => {
    const library = { name: 'm/data/aotinductor/model/a.so', data: raw('\x7fELF', Buffer.alloc(60)) };
    expect((await judged(exported('torch.sym_max', library), 'model.pt2')).verdict).toBe('block');
  });
});

describe('a sharded checkpoint', () => {
  const tensor = (object = stateDict({})) => zipOf([{ name: 'archive/data.pkl', data: object }]);

  test('passes as archives in a row', async () => {
    const bytes = raw(tensor(), tensor(), tensor());
    expect(await judged(bytes, '__0_0.distcp')).toEqual({ format: 'torch-distributed', verdict: 'pass', findings: [] });
  });

  test('is blocked for a call in any of them', async () => {
    const bytes = raw(tensor(), tensor(callPickle('os', 'system')), tensor());
    expect((await judged(bytes, '__0_0.distcp')).verdict).toBe('block');
  });

  test('is none with another archive in the row', async () => {
    const bytes = raw(tensor(), zipOf([{ name: 'a.txt', data: raw('text\n') }]));
    expect(await rulesOf(bytes, '__0_0.distcp')).not.toEqual([]);
  });

  test('passes for its metadata', async () => {
    const classes = raw(
      global('torch.distributed.checkpoint.metadata', 'Metadata'),
      ')',
      0x81,
      '}(',
      text('storage_data'),
      global('torch.distributed.checkpoint.filesystem', '_StorageInfo'),
      ')',
      0x81,
      'ub',
    );
    expect(await rulesOf(raw(proto(2), classes, STOP), '.metadata')).toEqual([]);
  });
});
