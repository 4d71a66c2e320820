// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, global, proto, raw, STOP, stackGlobal, text } from './pickle-bytes.ts';
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
    expect(await judged(archive(CODE), path)).toEqual({ format: 'torchscript', verdict: 'pass', findings: [] });
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
      'asks about a class that is called',
      raw(proto(2), stackGlobal('__torch__', 'f'), ')R', STOP),
      ['pickle-unknown-import'],
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
