// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';
import { args1, global, proto, raw, STOP, text } from './pickle-bytes.ts';

const object = (...values: readonly Uint8Array[]) => raw(proto(2), '](', ...values, 'e', STOP);
/** An instance with a state, as protocol 2 writes it. */
const instance = (module: string, name: string, state: Uint8Array = raw('}')) =>
  raw(global(module, name), ')', 0x81, state, 'b');
/** A member of an enumeration: its class, called with its value. */
const member = (module: string, name: string, value: string) => raw(global(module, name), args1(text(value)), 'R');
const state = (...entries: readonly (readonly [string, Uint8Array])[]) =>
  raw('}(', ...entries.map(([key, value]) => raw(text(key), value)), 'u');

/** What the trainer of transformers writes beside each checkpoint: enumerations as calls, everything else as state. */
const TRAINING_ARGUMENTS = instance(
  'transformers.training_args',
  'TrainingArguments',
  state(
    ['eval_strategy', member('transformers.trainer_utils', 'IntervalStrategy', 'no')],
    ['save_strategy', member('transformers.trainer_utils', 'SaveStrategy', 'steps')],
    ['lr_scheduler_type', member('transformers.trainer_utils', 'SchedulerType', 'linear')],
    ['hub_strategy', member('transformers.trainer_utils', 'HubStrategy', 'every_save')],
    ['optim', member('transformers.training_args', 'OptimizerNames', 'adamw_torch')],
    ['accelerator_config', instance('transformers.trainer_pt_utils', 'AcceleratorConfig')],
    [
      'distributed_state',
      instance(
        'accelerate.state',
        'PartialState',
        state(
          ['distributed_type', member('accelerate.utils.dataclasses', 'DistributedType', 'NO')],
          ['dynamo', member('accelerate.utils.dataclasses', 'DynamoBackend', 'NO')],
          ['device', member('torch', 'device', 'cpu')],
        ),
      ),
    ],
    ['deepspeed_plugin', raw('N')],
  ),
);

const YOLO = instance(
  'ultralytics.nn.tasks',
  'DetectionModel',
  state(
    ['args', instance('ultralytics.utils', 'IterableSimpleNamespace')],
    ['conv', instance('ultralytics.nn.modules.conv', 'Conv')],
    ['head', instance('ultralytics.nn.modules.head', 'v10Detect')],
    ['criterion', instance('ultralytics.utils.loss', 'v8DetectionLoss')],
    ['assigner', instance('ultralytics.utils.tal', 'TaskAlignedAssigner')],
  ),
);

const LIGHTNING = raw(
  '}(',
  text('pytorch-lightning_version'),
  text('1.4.9'),
  text('hyper_parameters'),
  instance('pytorch_lightning.utilities.parsing', 'AttributeDict'),
  text('callbacks'),
  raw('}', global('pytorch_lightning.callbacks.model_checkpoint', 'ModelCheckpoint'), '}s'),
  raw(global('pytorch_lightning.callbacks.timer', 'Timer'), '}'),
  text('status'),
  member('pytorch_lightning.trainer.states', 'TrainerFn', 'fit'),
  text('anneal_func'),
  raw(
    global('__builtin__', 'getattr'),
    global('torch.optim.lr_scheduler', 'OneCycleLR'),
    text('_annealing_cos'),
    0x86,
    'R',
  ),
  'u',
);

const subclass = (make: Uint8Array) =>
  raw(global('torch._tensor', '_rebuild_from_type'), '(', make, global('torch.nn.parameter', 'Parameter'), ')}tR');

describe('what libraries write', () => {
  test.each([
    ['training arguments of transformers', TRAINING_ARGUMENTS],
    ['a checkpoint of ultralytics', YOLO],
    ['a checkpoint of lightning', LIGHTNING],
    ['a tensor of a subclass, older', subclass(global('torch._utils', '_rebuild_tensor_v2'))],
    ['a tensor of several machines', instance('torch.distributed.tensor.placement_types', 'Shard')],
    ['a quantisation setting', instance('transformers.utils.quantization_config', 'BitsAndBytesConfig')],
    ['an adapter setting', member('peft.utils.peft_types', 'TaskType', 'CAUSAL_LM')],
  ])('passes: %s', async (_what, value) => {
    expect(await judged(object(value), 'training_args.bin')).toMatchObject({ verdict: 'pass', findings: [] });
  });

  test.each(['models.yolo:Model', 'models.common:Conv'])(
    'is review when its code is not of a package: %s',
    async (name) => {
      const [module = '', cls = ''] = name.split(':');
      expect(await rulesOf(object(instance(module, cls)), 'yolov5s.pt')).toEqual(['pickle-unknown-import']);
    },
  );

  test('is blocked when what rebuilds a tensor calls something else', async () => {
    expect((await judged(object(subclass(global('os', 'system'))), 'm.pt')).verdict).toBe('block');
    expect((await judged(object(subclass(global('numpy', 'log1p'))), 'm.pt')).verdict).toBe('block');
  });
});

describe('a frozen distribution of scipy', () => {
  const dist = instance('scipy.stats._discrete_distns', 'poisson_gen');
  const attribute = (of: Uint8Array, name: string) => raw(global('builtins', 'getattr'), of, text(name), 0x86, 'R');
  const frozen = (method: Uint8Array) =>
    instance(
      'scipy.stats._distn_infrastructure',
      'rv_discrete_frozen',
      state(['dist', raw(dist)], ['vecentropy', instance('numpy', 'vectorize', state(['pyfunc', method]))]),
    );

  test('passes with the method that it keeps', async () => {
    expect(await judged(object(frozen(attribute(dist, '_entropy'))))).toMatchObject({ verdict: 'pass', findings: [] });
  });

  test.each([
    ['another attribute', frozen(attribute(dist, '__init__'))],
    ['the same of another object', frozen(attribute(instance('sklearn.tree._tree', 'Tree'), '_entropy'))],
    ['a call of the method', frozen(raw(attribute(dist, '_entropy'), ')R'))],
  ])('is blocked with %s', async (_what, value) => {
    expect((await judged(object(value))).verdict).toBe('block');
  });
});
