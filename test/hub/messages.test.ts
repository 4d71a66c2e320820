// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RepoState } from '#src/catalog/repo-state.ts';
import type { Decision, Reason } from '#src/domain/decision.ts';
import { sha256Of } from '#src/domain/digest.ts';
import { parseRepo, REPO_KINDS, repoName } from '#src/domain/repo.ts';
import { parseRef, parseRevision } from '#src/domain/revision.ts';
import {
  approvedText,
  closedText,
  headerText,
  leftOutText,
  refusalText,
  secondsLeft,
  subjectName,
  waitingText,
} from '#src/hub/messages.ts';
import type { Progress } from '#src/intake/progress.ts';
import { commitOf, model } from '#test/catalog/drafts.ts';

const repo = model('acme/tiny');
const commit = commitOf('a');
const URL = 'https://mirror.example';

describe('headerText', () => {
  it.each([
    ['plain', 'plain'],
    ['two\r\nlines\tand  spaces', 'two lines and spaces'],
    ['Köln', 'K\\u00f6ln'],
    ['😀', '\\ud83d\\ude00'],
    ['\ud800', '\\ud800'],
    ['nul\0bell\u0007', 'nul\\u0000bell\\u0007'],
    ['\u2028\u00a0', ' '],
  ])('%j becomes %s', (text, line) => {
    expect(headerText(text)).toBe(line);
  });

  it('is one line of ASCII under 1 KB that a header can carry, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
        const line = headerText(text);
        expect(line).toMatch(/^[\x20-\x7e]{0,900}$/);
        expect(() => new Headers({ 'x-error-message': line })).not.toThrow();
      }),
    );
  });
});

const decision = (outcome: Decision['outcome'], reasons: Reason[]): Decision => ({
  ...{ outcome, reasons, withheld: [], rulesVersion: '1', decidedAt: '2026-01-01T00:00:00.000Z' },
  policyDigest: sha256Of('policy'),
});
const deny = (message: string): Reason => ({ rule: 'verdict-block', effect: 'deny', message });
const hold = (message: string): Reason => ({ rule: 'license-missing', effect: 'hold', message });

describe('a refusal says what, why, and what to do next', () => {
  it('held: the command that releases it', () => {
    expect(refusalText(repo, commit, decision('held', [hold('no license is declared.')]), URL)).toBe(
      `[airlock] acme/tiny@aaaaaaa is held: no license is declared. A reviewer can release it: airlock approve acme/tiny@${commit} --reason "..." Details: ${URL}/api/airlock/models/acme/tiny/revision/${commit}/decision`,
    );
  });

  it('held, with the number of the case that waits for an answer', () => {
    const text = refusalText(repo, commit, decision('held', [hold('no license')]), URL, 17);
    expect(text).toMatch(
      /^\[airlock\] acme\/tiny@aaaaaaa is held \(case 17\): no license\. A reviewer can release it: /,
    );
    expect(refusalText(repo, undefined, decision('held', [hold('nobody approved it')]), URL, 17)).toBe(
      '[airlock] acme/tiny is held (case 17): nobody approved it. A reviewer can approve the source: airlock case approve 17 --reason "..."',
    );
  });

  it('denied: the gravest reasons first, three of them, and how many more', () => {
    const reasons = [
      hold('h1'),
      deny('d1'),
      { ...hold('note'), effect: 'note' as const },
      deny('d2'),
      deny('d3'),
      deny('d4'),
    ];
    const accepted = { ...deny('accepted'), accepted: 'ann' };
    expect(refusalText(repo, commit, decision('denied', [accepted, ...reasons]), URL)).toContain(
      'is denied: d1; d2; d3 (and 2 more). Ask your security team',
    );
  });

  it('without a commit: the source', () => {
    const text = refusalText(repo, undefined, decision('denied', [deny('no source matches acme/tiny')]), URL);
    expect(text).toBe(
      '[airlock] acme/tiny is denied: no source matches acme/tiny. Ask your security team for this source.',
    );
  });

  it('closed: by whom, when and why', () => {
    const act = { by: 'ann', at: '2026-02-03T04:05:06.000Z', reason: 'it phones home.' };
    expect(closedText(repo, commit, 'revoked', act)).toBe(
      '[airlock] acme/tiny@aaaaaaa was revoked by ann on 2026-02-03: it phones home. Delete copies that you have, and use another revision.',
    );
    expect(closedText(repo, commit, 'rejected', act)).toContain('was rejected by ann');
  });
});

describe('however much there is to say, a refusal says what to do next', () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9](?:[A-Za-z0-9_]{0,94}[A-Za-z0-9])?$/);
  const longest = 'o'.repeat(96);
  const id = fc.oneof(
    fc.constant(`${longest}/${longest}`),
    segment,
    fc.tuple(segment, segment).map((parts) => parts.join('/')),
  );
  const anyRepo = fc.record({ kind: fc.constantFrom(...REPO_KINDS), id });
  const message = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 1000 }),
    fc.constantFrom('x'.repeat(800), '\u65e5'.repeat(800), ''),
  );
  const reasons = fc.array(
    fc.record({ rule: fc.constant('r'), effect: fc.constantFrom('note', 'hold', 'deny'), message }),
    { maxLength: 30 },
  );

  it('held, denied: the next step and the whole address of the details', () => {
    fc.assert(
      fc.property(anyRepo, reasons, fc.constantFrom('held', 'denied'), (asked, said, outcome) => {
        expect(parseRepo(asked.kind, asked.id)).toEqual(asked);
        const text = refusalText(asked, commit, decision(outcome, said as Reason[]), URL);
        expect(text).toMatch(/^[\x20-\x7e]{1,800}$/);
        expect(headerText(text)).toBe(text);
        const next =
          outcome === 'held'
            ? `A reviewer can release it: airlock approve ${repoName(asked)}@${commit} --reason "..."`
            : 'Ask your security team, or use another model.';
        const address = `${URL}/api/airlock/${asked.kind}/${asked.id}/revision/${commit}/decision`;
        expect(text.endsWith(`. ${next} Details: ${address}`)).toBe(true);
        expect(text).toContain(`@aaaaaaa is ${outcome}: `);
      }),
    );
  });

  it('without a commit, rejected, revoked: the next step', () => {
    const act = fc.record({ by: message, reason: message, at: fc.constant('2026-02-03T04:05:06.000Z') });
    fc.assert(
      fc.property(anyRepo, reasons, act, (asked, said, by) => {
        const texts = [
          refusalText(asked, undefined, decision('denied', said as Reason[]), URL),
          closedText(asked, commit, 'rejected', by),
          closedText(asked, commit, 'revoked', by),
        ];
        for (const text of texts) expect(text).toMatch(/^[\x20-\x7e]{1,800}$/);
        expect(texts[0]).toMatch(/Ask your security team for this source\.$/);
        expect(texts[1]).toMatch(/Ask your security team, or use another model\.$/);
        expect(texts[2]).toMatch(/Delete copies that you have, and use another revision\.$/);
      }),
    );
  });

  it('one long reason does not hide the others, and an escape is whole or not there', () => {
    const text = refusalText(repo, commit, decision('denied', [deny('\u65e5'.repeat(500)), deny('second')]), URL);
    expect(text).toMatch(/is denied: (?:\\u65e5)+\.\.\.; second\. Ask/);
    const alone = refusalText(repo, commit, decision('denied', [deny('long '.repeat(100))]), URL);
    expect(alone).toMatch(/is denied: (?:long )+.*[^.]\.\.\. Ask/);
  });

  it('where the public URL leaves no room, its address goes as a whole', () => {
    const text = refusalText(repo, commit, decision('held', [hold('why')]), `https://${'h'.repeat(700)}`);
    expect(text).toMatch(/is held: why\. A reviewer can release it: .*--reason "\.\.\."$/);
  });
});

describe('a file that is left out', () => {
  it.each(['withheld', 'excluded'] as const)('and %s says so, whole where there is room', (why) => {
    const path = 'sub/model.Q2_K.gguf';
    expect(leftOutText({ repo, commit }, path, why, URL)).toMatch(
      new RegExp(
        `^\\[airlock\\] "sub/model\\.Q2_K\\.gguf" of .* is (withheld|left out) here: .*team\\. Details: ${URL}/.*/decision$`,
      ),
    );
    for (const odd of ['\u65e5"\n'.repeat(300), path])
      expect(leftOutText({ repo, commit }, odd, why, `https://${'h'.repeat(odd === path ? 700 : 9)}`)).toMatch(
        /^[\x20-\x7e]{1,800}$/,
      );
  });
});

describe('a wait says how far it is', () => {
  const main = parseRevision('main');
  const progress: Progress = {
    ...{ repo, commit, stage: 'fetching', startedAt: '2026-01-01T00:00:00.000Z', filesDone: 1, filesTotal: 2 },
    ...{ bytesDone: 25, bytesTotal: 100, fetchSeconds: 10 },
  };

  it('in percent, and in time by the rate so far', () => {
    expect(waitingText(repo, main, progress, URL)).toContain('(25%, fetching, about 30 s left)');
    expect(waitingText(repo, main, { ...progress, bytesTotal: 2500 }, URL)).toContain('about 17 min left');
  });

  it('and before upstream has named a commit, that it is being looked for', () => {
    const { commit: _, ...early } = { ...progress, stage: 'queued' as const };
    expect(waitingText(repo, main, early, URL)).toMatch(/acme\/tiny@main is being looked for upstream.*same command/);
  });

  it('and promises nothing before the first second', () => {
    expect(secondsLeft({ ...progress, fetchSeconds: 0.5 })).toBeUndefined();
    expect(secondsLeft({ ...progress, bytesDone: 0 })).toBeUndefined();
    expect(waitingText(repo, main, { ...progress, bytesDone: 0, bytesTotal: 0 }, URL)).toContain('(fetching)');
  });
});

describe('what is approved', () => {
  const act = { by: 'policy', at: '2026-01-01T00:00:00.000Z', reason: 'passed' };
  const state = (digits: string, refs: [string, string][]): RepoState => ({
    seq: 1,
    head: null,
    history: new Map(),
    commits: new Map([...digits].map((digit) => [commitOf(digit), { ...act, status: 'approved' }])),
    pins: new Map(refs.map(([ref, digit]) => [parseRef(ref), { ...act, kind: 'branch', commit: commitOf(digit) }])),
  });

  it('is nothing where nothing is', () => {
    expect(approvedText(state('', []))).toBeUndefined();
  });

  it('is named by commit, those with a name first, at most three', () => {
    expect(approvedText(state('a', []))).toBe(`Approved here: ${'a'.repeat(40)}.`);
    const text = approvedText(
      state('abcd', [
        ['main', 'd'],
        ['v1', 'd'],
        ['dev', 'c'],
      ]),
    );
    const [c, d] = ['c'.repeat(40), 'd'.repeat(40)];
    expect(text).toMatch(new RegExp(`^Approved here: (${c} \\(dev\\)|${d} \\(main, v1\\)), .*, and 1 more\\.$`));
    expect(headerText(text ?? '')).toBe(text);
  });
});

it('a subject is named as people write it', () => {
  expect(subjectName(repo, undefined)).toBe('acme/tiny');
  expect(subjectName(repo, commit)).toBe('acme/tiny@aaaaaaa');
  expect(subjectName({ ...repo, kind: 'datasets' }, { type: 'commit', commit })).toBe('datasets/acme/tiny@aaaaaaa');
});
