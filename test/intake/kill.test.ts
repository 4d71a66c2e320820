// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { addBig } from '#test/fake-hub/repos.ts';
import { generatedSafetensors } from '#test/fake-hub/weights.ts';
import { approved, expectWhole, pinOf, useHouse } from './use-house.ts';

const rig = useHouse();
const RUN_INTAKE = fileURLToPath(new URL('./children/run-intake.ts', import.meta.url));
const MIB = 2 ** 20;
const ID = 'acme/big-6';
const KILLS = 10;

/** mulberry32: the same moments in every run, so that a failure can be looked at. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Run the child, and kill it so many milliseconds after it has said `word`; undefined lets it live. */
async function runChild(kill?: { word: string; ms: number }): Promise<{ killed: boolean; said: string }> {
  const child = spawn(process.execPath, [RUN_INTAKE, rig.hub.url, rig.data, ID], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (kill && said.includes(`${kill.word}\n`)) timer ??= setTimeout(() => child.kill('SIGKILL'), kill.ms);
  });
  await once(child, 'close');
  clearTimeout(timer);
  return { killed: child.signalCode === 'SIGKILL', said };
}

it('a mirror killed at any moment ends in the right bytes and a release that verifies', {
  timeout: 300_000,
}, async () => {
  const random = seeded(20_261_121);
  const big = addBig(rig.hub, 6, ID);
  // Slow enough that a kill finds the download half-way more often than not.
  rig.hub.faults.add({ fault: 'bandwidth', class: 'cdn', bytesPerSecond: 12 * MIB });
  await (await rig.open()).stop();
  const words = ['started', 'fetching', 'scanning', 'publishing'];
  let killed = 0;
  for (let round = 0; round < KILLS; round++) {
    const word = words[Math.floor(random() * words.length)] ?? 'started';
    const run = await runChild({ word, ms: Math.floor(random() * (word === 'publishing' ? 40 : 600)) });
    if (run.killed) killed++;
    else expect(run.said).toContain('approved');
    // What was finished in spite of the kill: the branch moves on, so that the next round has something to do.
    if (run.said.includes('approved'))
      big.move('main', { 'model.safetensors': generatedSafetensors(`${ID} ${round}`, 6 * MIB) });
  }
  expect(killed).toBeGreaterThanOrEqual(KILLS / 2);

  const last = await runChild();
  expect(last.said).toContain('approved');
  const house = await rig.reopen();
  const head = big.head().id;
  // A manual pin stays at the first commit that was approved; each approved commit is whole.
  approved(await house.ask(ID, head));
  await expectWhole(rig, house, ID, head);
  await expectWhole(rig, house, ID, (await pinOf(house, ID)) ?? 'no pin');
  const { commits } = await house.journal.state({ kind: 'models', id: ID });
  for (const [commit, { status }] of commits) if (status === 'approved') await expectWhole(rig, house, ID, commit);
  expect(await house.index.intakes.running()).toEqual([]);
  // A kill between the journal's entry and the tidying up leaves bytes that the sweep collects, and nobody serves.
  await house.quarantine.sweep(new Date(Date.now() + 60_000), () => false);
  expect(await house.quarantined()).toEqual([]);
});
