// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseRepo } from '#src/domain/repo.ts';
import { createPacer } from '#src/upstream/retry.ts';
import { addTiny } from '#test/fake-hub/repos.ts';
import { freePort } from '#test/support/free-port.ts';
import { clientOf, codeOf, errorOf, fileOf, listAll, resolve, sha256From, useHub } from './client.ts';

const at = useHub();

describe('what time may mend', () => {
  it('is asked again: a burst of errors, then an answer', async () => {
    addTiny(at.hub);
    for (const status of [500, 502, 503, 504]) at.hub.faults.add({ fault: 'status', status, times: 1 });
    const upstream = clientOf(at.hub.url, { tries: 5 });
    await resolve(upstream, 'acme/tiny');
    expect(at.hub.stats.count('info')).toBe(5);
  });

  it('is given up after so many tries, and never "not found"', async () => {
    addTiny(at.hub);
    const expected = { 500: 'upstream-unavailable', 503: 'upstream-unavailable', 504: 'upstream-timeout' };
    for (const [status, code] of Object.entries(expected)) {
      at.hub.faults.clear();
      at.hub.stats.reset();
      at.hub.faults.add({ fault: 'status', status: Number(status) });
      expect(await codeOf(resolve(clientOf(at.hub.url, { tries: 2 }), 'acme/tiny')), status).toBe(code);
      expect(at.hub.stats.count('info'), status).toBe(2);
    }
  });

  it('is not confused with what is so: 404 is asked once', async () => {
    await codeOf(resolve(clientOf(at.hub.url), 'acme/none'));
    expect(at.hub.stats.requests).toBe(1);
  });

  it('is asked again for a page of a listing too', async () => {
    const repo = addTiny(at.hub);
    at.hub.pageSize = 4;
    const upstream = clientOf(at.hub.url);
    const source = await resolve(upstream, 'acme/tiny');
    at.hub.faults.add({ fault: 'status', class: 'tree', status: 500, times: 2 });
    expect(await listAll(upstream, source)).toHaveLength(repo.head().files.size);
  });
});

describe('a rate limit', () => {
  it('makes every request of the process wait, not only the one that met it', async () => {
    addTiny(at.hub);
    const upstream = clientOf(at.hub.url);
    at.hub.faults.add({ fault: 'status', class: 'info', status: 429, retryAfter: 2, times: 1 });
    const began = performance.now();
    const first = resolve(upstream, 'acme/tiny');
    while (at.hub.stats.count('info') < 1) await new Promise((done) => setTimeout(done, 5));
    // The 429 has to be read before it can hold anybody back; it is one answer on loopback away.
    await new Promise((done) => setTimeout(done, 300));
    await upstream.refs(parseRepo('models', 'acme/tiny'));
    expect(performance.now() - began).toBeGreaterThan(1900);
    await first;
    expect(at.hub.stats.count('info')).toBe(2);
  });

  it('of the CDN leaves the hub alone, and holds back other downloads', async () => {
    addTiny(at.hub);
    const upstream = clientOf(at.hub.url);
    const source = await resolve(upstream, 'acme/tiny');
    const file = await fileOf(upstream, source, 'model.safetensors');
    at.hub.faults.add({ fault: 'status', class: 'cdn', status: 429, retryAfter: 60, times: 1 });
    expect(await codeOf(sha256From(upstream, source, file))).toBe('upstream-rate-limited');
    const began = performance.now();
    await resolve(upstream, 'acme/tiny');
    expect(performance.now() - began).toBeLessThan(2000);
    const another = upstream.open(source, file, 0, AbortSignal.timeout(300));
    expect(await codeOf(another)).toBe('upstream-rate-limited');
    expect(at.hub.stats.count('cdn')).toBe(1);
  });

  it('that lasts is said so, with the time that upstream asked for', async () => {
    addTiny(at.hub);
    at.hub.faults.add({ fault: 'status', status: 429, retryAfter: 1 });
    const error = await errorOf(resolve(clientOf(at.hub.url, { tries: 2 }), 'acme/tiny'));
    expect(error.code).toBe('upstream-rate-limited');
    expect(error.subject.retryAfter).toBe(1);
  });

  it('that is longer than the request may take is still a rate limit, and no sign that the mirror stops', async () => {
    addTiny(at.hub);
    at.hub.faults.add({ fault: 'status', status: 429, retryAfter: 60 });
    const upstream = clientOf(at.hub.url, { requestTimeoutSeconds: 0.2, tries: 2 });
    expect(await codeOf(resolve(upstream, 'acme/tiny'))).toBe('upstream-rate-limited');
    // The pause holds for the next request as well, which has not met the 429 itself.
    expect(await codeOf(upstream.refs(parseRepo('models', 'acme/tiny')))).toBe('upstream-rate-limited');
    expect(at.hub.stats.requests).toBe(1);
  });
});

describe('a hub that is not there', () => {
  it('is unavailable', async () => {
    const error = await errorOf(resolve(clientOf(`http://127.0.0.1:${await freePort()}`, { tries: 2 }), 'acme/tiny'));
    expect(error.code).toBe('upstream-unavailable');
    expect(error.subject.problem).toContain('ECONNREFUSED');
  });

  it('or does not answer in time is a time-out', async () => {
    addTiny(at.hub);
    at.hub.faults.add({ fault: 'latency', ms: 20_000 });
    const upstream = clientOf(at.hub.url, { requestTimeoutSeconds: 1, tries: 1 });
    expect(await codeOf(resolve(upstream, 'acme/tiny'))).toBe('upstream-timeout');
  });

  it('or stops in the middle of a file fails within the time of a stall', async () => {
    addTiny(at.hub);
    const upstream = clientOf(at.hub.url, { stallSeconds: 1 });
    const source = await resolve(upstream, 'acme/tiny');
    const file = await fileOf(upstream, source, 'model.safetensors');
    at.hub.faults.add({ fault: 'stall', class: 'cdn', at: 100 });
    const began = performance.now();
    await expect(sha256From(upstream, source, file)).rejects.toThrow(/timeout/i);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe('somebody who wants no answer any more', () => {
  it('gets none: neither while upstream is silent nor during a pause', async () => {
    addTiny(at.hub);
    const upstream = clientOf(at.hub.url);
    const source = await resolve(upstream, 'acme/tiny');
    at.hub.faults.add({ fault: 'latency', ms: 20_000 });
    const silent = await errorOf(upstream.refs(source.repo, AbortSignal.abort()));
    expect(silent.code).toBe('shutting-down');
    const stop = new AbortController();
    const running = codeOf(upstream.resolve(source.repo, { type: 'commit', commit: source.commit }, stop.signal));
    while (at.hub.stats.count('info') < 2) await new Promise((done) => setTimeout(done, 5));
    stop.abort();
    expect(await running).toBe('shutting-down');

    const pacer = createPacer();
    pacer.pause('http://hub', 60);
    expect(await codeOf(pacer.ready('http://hub', AbortSignal.abort()))).toBe('shutting-down');
  });
});
