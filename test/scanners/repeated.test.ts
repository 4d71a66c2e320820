// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { judged, rulesOf } from './judged.ts';

test.each([
  ['config.json', '{"model_type": "bert", "x": {"model_type": "y"}, "y": [{"class_name": "a"}, {"class_name": "b"}]}'],
  ['tokenizer.json', '{"vocab": {"a": 1, "a": 2}}'],
  ['prompt.json', '{"template": "Answer {question} with {answer.text}", "prompt": "what is {x} in __init__?"}'],
  ['tokenizer_config.json', '{"chat_template": "{% raw %}{{ x.__class__ }}{% endraw %}{{ messages[0].content }}"}'],
])('%s with %s passes', async (path, text) => {
  expect((await judged(text, path)).verdict).toBe('pass');
});

test.each([
  ['config.json', '{"model_type": "bert", "model_type": "llama"}', 'json-duplicate', 'review'],
  ['config.json', '{"auto_map": null, "auto_map": {"AutoModel": "m.M"}}', 'json-duplicate', 'block'],
  ['config.json', '{"a": {"trust_remote_code": false, "b": {}, "trust_remote_code": true}}', 'json-duplicate', 'block'],
  ['prompt.json', '{"template": "{x.__class__}"}', 'json-format-field', 'review'],
  ['prompt.json', '{"prompt_str": "{x.__init__.__globals__[y]}"}', 'json-format-field', 'block'],
])('%s with %s does not pass', async (path, text, rule, verdict) => {
  expect(await rulesOf(text, path)).toContain(rule);
  expect((await judged(text, path)).verdict).toBe(verdict);
});
