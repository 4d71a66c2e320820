// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { importJudge } from '#scanners/judge/imports.ts';
import { parseRules, readRules } from '#scanners/rules.ts';
import { testRules } from '#scanners/rules-test.ts';
import { rules } from './judged.ts';

const judge = importJudge(rules);

const data = readRules();

describe('the rule set', () => {
  test('has the version of its content, whatever the order of its keys', () => {
    const reversed = Object.fromEntries(Object.entries(data).reverse());
    expect(parseRules(reversed).version).toBe(rules.version);
    expect(rules.version).toMatch(/^[0-9a-f]{64}$/);
  });

  test('has another version when any rule changes', () => {
    expect(parseRules({ ...data, closed: ['numpy'] }).version).not.toBe(rules.version);
  });

  test.each([
    ['an unknown key', { extra: 1 }, 'extra'],
    ['a pattern that is none', { suspicious: '(' }, 'suspicious'],
    ['an unknown level', { levels: { mismatch: 'warn' } }, 'mismatch'],
    [
      'a problem that the catalogue does not explain',
      { problems: { 'no-such': { level: 'info', reason: 'x' } } },
      'no-such',
    ],
    ['a reference of no known kind', { rules: { budget: { means: 'x', references: ['http://x'] } } }, 'references'],
    ['an allow rule without names and pattern', { allow: [{ module: 'x', reason: 'y' }] }, 'allow'],
  ])('is refused with %s', (_what, change, named) => {
    expect(() => parseRules({ ...data, ...change })).toThrow(named);
  });

  test('is tested for ids that are explained and never given', () => {
    expect(testRules(rules).problems).toEqual([]);
    const described = { ...rules, rules: { ...rules.rules, 'no-such': { means: 'x' } } };
    expect(testRules(described).problems).toEqual(['no-such is explained, and no rule gives it']);
  });

  test('knows the standard library of Python 2 and 3', () => {
    for (const name of [
      'os',
      'posix',
      'nt',
      'subprocess',
      'urllib2',
      'commands',
      'imp',
      'distutils',
      '_osx_support',
      'idlelib',
      'tomllib',
    ])
      expect(rules.stdlib).toContain(name);
    expect(rules.stdlib).not.toContain('__main__');
    expect(rules.stdlib.length).toBeGreaterThan(400);
  });
});

describe('imports', () => {
  test.each([
    ['collections', 'OrderedDict', 'allowed'],
    ['torch._utils', '_rebuild_tensor_v2', 'allowed'],
    ['torch', 'BFloat16Storage', 'allowed'],
    ['numpy.core.multiarray', '_reconstruct', 'allowed'],
    ['numpy._core.multiarray', 'scalar', 'allowed'],
    ['copy_reg', '_reconstructor', 'allowed'],
    ['__builtin__', 'set', 'allowed'],
    ['sklearn.ensemble._forest', 'RandomForestClassifier', 'rebuild'],
    ['torch.nn.modules.linear', 'Linear', 'rebuild'],
    ['sentence_transformers.models.Transformer', 'Transformer', 'rebuild'],
    ['ultralytics.nn.autobackend', 'AutoBackend', 'review'],
    ['os', 'system', 'block'],
    ['builtins', 'eval', 'block'],
    ['builtins', 'getattr', 'named'],
    ['numpy', 'log1p', 'named'],
    ['sklearn.metrics._ranking', 'roc_auc_score', 'named'],
    ['transformers.trainer_utils', 'IntervalStrategy.STEPS', 'named'],
    ['transformers.trainer_utils', 'IntervalStrategy.steps', 'block'],
    ['\uff4f\uff53', 'system', 'block'],
    ['torch.hub\u2024x', 'load', 'block'],
    ['collections', 'OrderedDict.__init__', 'block'],
    ['torch.nn.modules.linear', 'Linear.forward', 'block'],
    ['torch.hub', 'load', 'block'],
    ['numpy', 'load', 'block'],
    ['torch.serialization', 'os', 'block'],
    ['torch.nn.modules.module', 'warnings', 'block'],
    ['sklearn.utils', 'Parallel', 'block'],
    ['mypackage', 'load_library', 'block'],
    ['mypackage', 'Net', 'review'],
    ['mypackage', 'helper', 'review'],
    ['__main__', 'Net', 'review'],
    ['collectionsx', 'OrderedDict', 'review'],
    ['torchx.nn', 'Linear', 'review'],
    ['', '', 'review'],
    ['a b', 'c', 'review'],
  ])('%s.%s is %s', (module, name, level) => {
    expect(judge(module, name).level).toBe(level);
  });

  test('what no list names is never allowed', () => {
    for (const module of ['x', 'torchvision_x', 'numpyx.core', 'sk.learn'])
      expect(judge(module, 'Y').level).toBe('review');
  });
});
