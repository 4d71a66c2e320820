// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { readCard } from '#src/policy/card-fields.ts';

const card = (matter: string, body = '') => `---\n${matter}\n---\n${body}`;

describe('sections of a card', () => {
  test.each<[string, string, string[]]>([
    ['a heading of the template with words', '## Uses\nClassify text.', ['intended-use']],
    ['a heading one level below', '## Uses\n\n### Direct Use\n\nClassify text.', ['intended-use']],
    ['a heading alone', '## Uses\n\n## Evaluation\n', []],
    [
      'the placeholder of the template',
      '## Uses\n[More Information Needed]\n### Direct Use\n\n[More Information Needed]',
      [],
    ],
    ['the instructions of the template', '## Uses\n<!-- Say what it is\nfor. -->\n', []],
    ['a comment without an end', '## Uses\n<!-- it is for this\n', []],
    ['words after the next heading of the level', '## Uses\n## Other\nwords here', []],
    ['words after a heading of a higher level', '### Limitations\n# Other\nwords here', []],
    ['one heading for two parts', '## Intended uses & limitations\nwords', ['intended-use', 'limitations']],
    ['bias, risks and limitations', '## Bias, Risks, and Limitations\nwords', ['limitations']],
    ['a heading with an emoji and marks', '## 🚀 **Limitations:**\nwords', ['limitations']],
    [
      'training data and results',
      '## Training data\nwords\n## Evaluation results\nwords',
      ['training-data', 'evaluation'],
    ],
    ['a heading inside of code', '```\n## Limitations\nwords\n```', []],
    ['a word that only begins like one', '## Useful things\nwords\n## Licensee\nwords', []],
    ['a line with no heading marks', 'Limitations\nwords', []],
    ['lines of another system', '## License\r\nApache 2.0\r\n', ['license']],
  ])('%s', (_, body, expected) => {
    expect(readCard(body).sections).toEqual(expected);
    expect(readCard(card('tags: [a]', body)).sections).toEqual(expected);
  });

  test.each<[string, string[]]>([
    ['license: mit', ['license']],
    ['license:', []],
    ['datasets: [org/data]', ['training-data']],
    ['datasets: []', []],
    ['model-index: [{name: x}]', ['evaluation']],
    ['license: mit\nlicense: mit', []],
    ['# Limitations\ntags: [a]', []],
  ])('the front matter %j says so too', (matter, expected) => {
    expect(readCard(card(matter)).sections).toEqual(expected);
  });
});

test('fields are read in bounded form, and what is odd is left out', () => {
  const many = Array.from({ length: 500 }, (_, i) => `t${i}`).join(', ');
  const read = readCard(
    card(`pipeline_tag: text-classification\nlibrary_name: [x]\nlanguage: en\ntags: [1, {a: b}, ${many}]`),
  );
  expect(read).toMatchObject({ pipelineTag: 'text-classification', languages: ['en'] });
  expect(read.libraryName).toBeUndefined();
  expect(read.tags?.slice(0, 2)).toEqual(['t0', 't1']);
  expect(read.tags).toHaveLength(62);
});

test('no card, and one that can not be parsed, say why', () => {
  expect(readCard(undefined)).toEqual({ sections: [], problem: 'the repo has no README.md' });
  expect(readCard('---\na: [\n---\n## Uses\nwords')).toEqual({
    sections: ['intended-use'],
    problem: 'the front matter of README.md is not valid YAML',
  });
});

test('eight megabytes of headings, comments and fences do not keep the process', () => {
  for (const line of ['# Uses\n', '<!-- a -->', '<!--', '```\n', '###### License\nx\n', '[More Information Needed]']) {
    const before = performance.now();
    readCard(line.repeat((8 * 2 ** 20) / line.length));
    expect(performance.now() - before, line).toBeLessThan(5000);
  }
});
