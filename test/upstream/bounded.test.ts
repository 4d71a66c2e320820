// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { parseRepo } from '#src/domain/repo.ts';
import { boundedUpstream } from '#src/upstream/bounded.ts';
import { createOutage } from '#src/upstream/outage.ts';
import { addTiny } from '#test/fake-hub/repos.ts';
import { until } from '#test/support/until.ts';
import { COMMIT, clientOf, codeOf, errorOf, listAll, resolve, sendJson, useHub, useOddServer } from './client.ts';

const at = useHub();
const odd = useOddServer();
const INFO = { id: 'acme/tiny', sha: COMMIT };

function bounded(url: string, limits: { concurrent?: number; waiting?: number } = {}) {
  const time = { seconds: 1_000_000 };
  const clock = { now: () => new Date(time.seconds * 1000) };
  return { upstream: boundedUpstream(clientOf(url, { tries: 1 }), { clock, ...limits }), time };
}

it('many questions at once reach upstream a few at a time, and all are answered', async () => {
  const open: (() => void)[] = [];
  let most = 0;
  odd.handle = (_req, res) => {
    open.push(() => sendJson(res, INFO));
    most = Math.max(most, open.length);
  };
  const { upstream } = bounded(odd.url, { concurrent: 3 });
  const asked = Array.from({ length: 12 }, (_, i) => resolve(upstream, `acme/m${i}`));
  for (let answered = 0; answered < 12; answered++) (await until('a question arrives', () => open.shift() ?? false))();
  expect(await Promise.all(asked)).toHaveLength(12);
  expect(most).toBeLessThanOrEqual(3);
});

it('who comes when too many wait is told to come back, and upstream is not asked', async () => {
  let answer = () => {};
  odd.handle = (_req, res) => {
    answer = () => sendJson(res, INFO);
  };
  const { upstream } = bounded(odd.url, { concurrent: 1, waiting: 2 });
  const asked = ['a', 'b', 'c'].map((name) => resolve(upstream, `acme/${name}`));
  const error = await errorOf(resolve(upstream, 'acme/d'));
  expect([error.code, error.subject.retryAfter]).toEqual(['overloaded', 10]);
  expect(await codeOf(upstream.refs(parseRepo('models', 'acme/d')))).toBe('overloaded');
  await until('the first question arrives', () => odd.seen.length === 1);
  odd.handle = (_req, res) => sendJson(res, INFO);
  answer();
  expect(await Promise.all(asked)).toHaveLength(3);
  expect(odd.seen).toHaveLength(3);
});

it('what is not there is asked for once in half a minute, whoever asks', async () => {
  const { upstream, time } = bounded(at.hub.url);
  addTiny(at.hub);
  const codes = () =>
    Promise.all([
      codeOf(resolve(upstream, 'acme/none')),
      codeOf(resolve(upstream, 'acme/tiny', 'none')),
      codeOf(upstream.refs(parseRepo('models', 'acme/none'))),
    ]);
  const expected = ['upstream-repo-not-found', 'upstream-revision-not-found', 'upstream-repo-not-found'];
  expect(await codes()).toEqual(expected);
  expect(await codes()).toEqual(expected);
  expect(at.hub.stats.requests).toBe(3);
  // Another revision of the same repo is another question.
  await resolve(upstream, 'acme/tiny');
  time.seconds += 29;
  expect(await codes()).toEqual(expected);
  expect(at.hub.stats.requests).toBe(4);
  time.seconds += 1;
  addTiny(at.hub, 'acme/none');
  expect((await resolve(upstream, 'acme/none')).repo.id).toBe('acme/none');
});

it('a clock that was put back keeps nobody away', async () => {
  const { upstream, time } = bounded(at.hub.url);
  expect(await codeOf(resolve(upstream, 'acme/late'))).toBe('upstream-repo-not-found');
  addTiny(at.hub, 'acme/late');
  time.seconds -= 3600;
  await resolve(upstream, 'acme/late');
});

it('no other failure is remembered', async () => {
  addTiny(at.hub);
  const { upstream } = bounded(at.hub.url);
  for (const status of [403, 429, 500, 504]) {
    at.hub.faults.add({ fault: 'status', status, times: 1 });
    expect(await codeOf(resolve(upstream, 'acme/tiny'))).not.toBe('upstream-repo-not-found');
    const source = await resolve(upstream, 'acme/tiny');
    expect((await listAll(upstream, source)).length).toBeGreaterThan(1);
  }
});

it('with upstream gone one question finds out, the others are told at once, and every five seconds one tries again', async () => {
  addTiny(at.hub);
  const { upstream, time } = bounded(at.hub.url);
  await at.hub.goAway();
  expect(await codeOf(resolve(upstream, 'acme/a'))).toBe('upstream-unavailable');
  await at.hub.comeBack();
  for (const name of ['b', 'c', 'tiny']) {
    const error = await errorOf(resolve(upstream, `acme/${name}`));
    expect([error.code, error.subject.retryAfter]).toEqual(['upstream-unavailable', 5]);
  }
  expect(at.hub.stats.requests).toBe(0);
  time.seconds += 5;
  expect((await resolve(upstream, 'acme/tiny')).repo.id).toBe('acme/tiny');
  expect((await resolve(upstream, 'acme/tiny')).repo.id).toBe('acme/tiny');
});

it('a silent hub lets one question wait at a time', async () => {
  odd.handle = () => {};
  const silent = clientOf(odd.url, { tries: 1, requestTimeoutSeconds: 1 });
  const time = { seconds: 1_000_000 };
  const upstream = boundedUpstream(silent, { clock: { now: () => new Date(time.seconds * 1000) } });
  for (let round = 1; round <= 2; round++) {
    const first = codeOf(resolve(upstream, `acme/first-${round}`));
    if (round === 1) expect(await first).toBe('upstream-timeout');
    else await until('the question arrives', () => odd.seen.length === round);
    // However long it waits.
    if (round > 1) time.seconds += 60;
    expect(await codeOf(resolve(upstream, `acme/second-${round}`))).toBe('upstream-timeout');
    expect(await first).toBe('upstream-timeout');
    expect(odd.seen).toHaveLength(round);
    time.seconds += 5;
  }
});

it('an answer ends it, also one that says no', async () => {
  const { upstream, time } = bounded(at.hub.url);
  await at.hub.goAway();
  expect(await codeOf(resolve(upstream, 'acme/a'))).toBe('upstream-unavailable');
  await at.hub.comeBack();
  time.seconds += 5;
  expect(await codeOf(resolve(upstream, 'acme/none'))).toBe('upstream-repo-not-found');
  addTiny(at.hub);
  expect((await resolve(upstream, 'acme/tiny')).repo.id).toBe('acme/tiny');
});

it('one try that waited in vain is enough to stop the others, while the question goes on trying', async () => {
  odd.handle = () => {};
  const time = { seconds: 1_000_000 };
  const clock = { now: () => new Date(time.seconds * 1000) };
  const outage = createOutage(clock);
  const silent = clientOf(odd.url, { tries: 3, requestTimeoutSeconds: 1, onFailedTry: outage.suspect });
  const upstream = boundedUpstream(silent, { clock, outage });
  const first = resolve(upstream, 'acme/first');
  await until('the second try arrives', () => odd.seen.length === 2);
  expect(await codeOf(resolve(upstream, 'acme/second'))).toBe('upstream-timeout');
  expect(odd.seen).toHaveLength(2);
  // Silent for that one alone: after some seconds another is let through, and opens the way for all.
  odd.handle = (_req, res) => sendJson(res, INFO);
  time.seconds += 5;
  for (const name of ['third', 'fourth']) expect((await resolve(upstream, `acme/${name}`)).repo.id).toBe('acme/tiny');
  await first;
});

it('with upstream gone those that waited for their turn are told, too, and do not each find out', async () => {
  odd.handle = () => {};
  const time = { seconds: 1_000_000 };
  const silent = clientOf(odd.url, { tries: 1, requestTimeoutSeconds: 1 });
  const clock = { now: () => new Date(time.seconds * 1000) };
  const upstream = boundedUpstream(silent, { clock, concurrent: 1 });
  const codes = ['a', 'b', 'c', 'd'].map((name) => codeOf(resolve(upstream, `acme/${name}`)));
  expect(await Promise.all(codes)).toEqual(Array(4).fill('upstream-timeout'));
  expect(odd.seen).toHaveLength(1);
});
