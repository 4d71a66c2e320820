// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { judged } from './judged.ts';

const HOSTILE = "{{ ''.__class__ }}";
const HONEST = "{% for m in messages %}{{ m['role'] + m.content | trim }}{% endfor %}";

describe('a template counts wherever a loader takes one from', () => {
  const places = (source: string): [path: string, content: string][] => [
    ['chat_template.jinja', source],
    ['chat_template.txt', source],
    ['additional_chat_templates/tool_use.jinja', source],
    ['prompts/system.j2', source],
    ['chat_template.json', JSON.stringify({ chat_template: source })],
    ['tokenizer_config.json', JSON.stringify({ chat_template: source })],
    ['tokenizer_config.json', JSON.stringify({ chat_template: [{ name: 'default', template: source }] })],
    ['tokenizer_config.json', JSON.stringify({ chat_template: { default: 'x', tool: source } })],
    ['processor_config.json', JSON.stringify({ 'chat\u005ftemplate': source })],
    ['config.json', JSON.stringify({ a: { prompt_template: source } })],
    ['generation.json', JSON.stringify({ prompts: [{ template: source }] })],
  ];

  test.each(places(HOSTILE))('%s is blocked: %s', async (path, content) => {
    const { verdict, findings } = await judged(content, path);
    expect(verdict).toBe('block');
    expect(findings[0]).toMatchObject({ rule: 'chat-template', level: 'block' });
  });

  test.each(places(HONEST))('%s passes: %s', async (path, content) => {
    expect(await judged(content, path)).toMatchObject({ verdict: 'pass', findings: [] });
  });

  test.each([
    ['README.md', `# Card\n\n\`\`\`jinja\n${HOSTILE}\n\`\`\`\n`],
    ['notes.txt', `write ${HOSTILE} or {% include 'x' %} or {{ broken`],
    ['vocab.txt', '{{\n{%\n__class__\n'],
    ['config.json', JSON.stringify({ description: HOSTILE, prompts: { query: 'query: ' } })],
    ['tokenizer.json', JSON.stringify({ model: { vocab: { '{{': 1, '{%': 2, __class__: 3 } } })],
  ])('in %s it is text', async (path, content) => {
    expect(await judged(content, path)).toMatchObject({ verdict: 'pass' });
  });

  test('JSON Lines are data, unless the file is called a template or the first line holds one', async () => {
    const lines = `${JSON.stringify({ text: HOSTILE })}\n${JSON.stringify({ text: 'b' })}\n`;
    expect((await judged(lines, 'train.jsonl')).verdict).toBe('pass');
    expect((await judged(lines, 'chat_template.jinja')).verdict).toBe('block');
    const config = `${JSON.stringify({ chat_template: HOSTILE })}\n{}\n`;
    expect((await judged(config, 'tokenizer_config.json')).verdict).toBe('block');
  });

  test('a finding says where it is', async () => {
    const content = JSON.stringify({ chat_template: [{ name: 'a', template: `x\n\n${HOSTILE}` }] });
    const { findings } = await judged(content, 'tokenizer_config.json');
    expect(findings[0]?.message).toBe(
      'it reaches into Python\'s objects: "__class__" at $.chat_template[0].template line 3',
    );
  });

  test('a template that is too long to be read is dangerous', async () => {
    const long = 'x'.repeat(1024 * 1024 + 1);
    expect((await judged(long, 'chat_template.jinja')).verdict).toBe('block');
    expect((await judged(JSON.stringify({ chat_template: long }), 'tokenizer_config.json')).verdict).toBe('block');
  });
});
