// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { commitOf, model } from '#test/catalog/drafts.ts';
import { publishFiles } from '#test/hub/published.ts';
import { safetensors } from '#test/hub/weights.ts';
import { type House, openHouse, send } from '#test/support/house.ts';

// npm run bench:listing -- [--repos N]
//
// Lists over so many approved repos, in one process without a socket: what a page costs, and what a start costs.

const { values } = parseArgs({ options: { repos: { type: 'string', default: '10000' } } });
const REPOS = Number(values.repos);
const AT_ONCE = 16;
const QUERIES = [
  'limit=100',
  'limit=1000',
  'search=bert&limit=20',
  'search=no-such-name',
  'filter=license:mit&filter=safetensors&sort=downloads&limit=20',
  'author=org-7&full=true&cardData=true&limit=20',
  'sort=id&limit=500&expand=pipeline_tag&expand=likes',
];

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Wall and CPU milliseconds of one call. */
async function measured<T>(name: string, work: () => Promise<T>): Promise<T> {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  const value = await work();
  const { user, system } = process.cpuUsage(cpu);
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
  say(
    `${name.padEnd(72)} ${(performance.now() - started).toFixed(1).padStart(9)} ms ${((user + system) / 1000).toFixed(1).padStart(9)} ms CPU ${String(memory).padStart(5)} MiB`,
  );
  return value;
}

async function fill(house: House): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < REPOS; i = next++) {
      const name = i % 3 === 0 ? 'bert' : i % 3 === 1 ? 'llama' : 'whisper';
      const license = i % 2 === 0 ? 'mit' : 'apache-2.0';
      await publishFiles(house, model(`org-${i % 100}/${name}-${i}`), {
        commit: commitOf('a'),
        lastModified: new Date(Date.UTC(2024, 0, 1) + i * 60_000).toISOString(),
        files: {
          'README.md': `---\nlicense: ${license}\nlanguage: en\ntags: [tag-${i % 50}, unique-${i}]\n---\n# Model ${i}\n`,
          'config.json': `{"model_type":"${name}","architectures":["${name}ForCausalLM"]}`,
          'tokenizer_config.json': '{"bos_token":"<s>","eos_token":"</s>"}',
          'model.safetensors': safetensors({ w: ['F32', [1000, i + 1]] }),
        },
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function page(house: House, path: string): Promise<{ items: unknown[]; next?: string; warning: string | null }> {
  const answer = await send(house, path);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  const next = /^<[^>]*?(\/api\/[^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
  const warning = answer.headers.get('x-hf-warning');
  return { items: (await answer.json()) as unknown[], warning, ...(next === undefined ? {} : { next }) };
}

async function complete(house: House): Promise<void> {
  while ((await page(house, '/api/models?limit=1')).warning) await new Promise((done) => setTimeout(done, 100));
}

async function whole(house: House): Promise<number> {
  let count = 0;
  for (let next: string | undefined = '/api/models?limit=1000'; next; ) {
    const found: Awaited<ReturnType<typeof page>> = await page(house, next);
    count += found.items.length;
    next = found.next;
  }
  return count;
}

const folder = await mkdtemp(join(tmpdir(), 'airlock-bench-listing-'));
const open = () => openHouse({ folder, upstream: 'http://127.0.0.1:9' });
try {
  const first = await open();
  await measured(`${REPOS} repos published`, () => fill(first));
  await first.close();

  const unknowing = await open();
  await measured('first page ever, nothing in the index', () => page(unknowing, '/api/models?limit=100'));
  await measured('until every repo is read', () => complete(unknowing));
  await unknowing.close();

  const house = await open();
  await measured('first page after a restart', () => page(house, '/api/models?limit=100'));
  for (const query of QUERIES) {
    const path = `/api/models?${query}`;
    await measured(`${query}, first`, () => page(house, path));
    const times = 20;
    await measured(`${query}, again, ${times} times`, async () => {
      for (let i = 0; i < times; i++) await page(house, path);
    });
  }
  house.clock.advance(3600);
  await measured('limit=100 an hour later: every journal is looked at', () => page(house, '/api/models?limit=100'));
  const count = await measured('all pages of 1000', () => whole(house));
  if (count !== REPOS) throw new Error(`${count} of ${REPOS} repos were listed`);
  await house.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
