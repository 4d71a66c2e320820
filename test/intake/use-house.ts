// SPDX-License-Identifier: Apache-2.0
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Decision } from '#src/domain/decision.ts';
import type { Release } from '#src/domain/release.ts';
import { isCommitSha } from '#src/domain/revision.ts';
import type { IntakeOutcome } from '#src/intake/progress.ts';
import { type FakeHub, startFakeHub } from '#test/fake-hub/server.ts';
import { useTemp } from '#test/support/temp.ts';
import { type House, type HouseOptions, openHouse, repo, revisionOf } from './house.ts';

export interface Rig {
  readonly hub: FakeHub;
  /** A new house on a new data folder. */
  open(options?: Partial<HouseOptions>): Promise<House>;
  /** The same data folder, a new process as it were: nothing is remembered but what is on disk. */
  reopen(options?: Partial<HouseOptions>): Promise<House>;
  readonly data: string;
}

/** Patience for a test: what goes wrong goes wrong soon. */
const QUICK = { requestTimeoutSeconds: 5, stallSeconds: 1, tries: 3 };

/**
 * Called at the top of a test file: a fresh hub for each test. After each test, whatever fault it was about, every blob
 * in every store must be the bytes that its name says, and no token may have reached the CDN.
 */
export function useHouse(): Rig {
  const temp = useTemp();
  let hub: FakeHub;
  let houses: House[] = [];
  let data = '';
  beforeAll(() => expect(QUICK.tries).toBeGreaterThan(1));
  beforeEach(async () => {
    hub = await startFakeHub();
    houses = [];
  });
  afterEach(async () => {
    for (const house of houses) {
      await house.stop();
      for (const blob of await house.stored())
        expect(blob.sha256, 'a blob is what its name says').toBe(basename(blob.path));
    }
    await hub.stop();
    expect(hub.stats.violations).toEqual([]);
  });
  afterAll(() => expect(hub, 'no test ran').toBeDefined());

  async function reopen(options: Partial<HouseOptions> = {}): Promise<House> {
    const { config, ...rest } = options;
    const house = await openHouse({ hub: hub.url, data, config: { upstream: QUICK, ...config }, ...rest });
    houses.push(house);
    return house;
  }
  return {
    get hub() {
      return hub;
    },
    get data() {
      return data;
    },
    async open(options) {
      data = join(await temp('house'), 'data');
      return reopen(options);
    },
    reopen,
  };
}

/** The decision of a refusal; a test fails where it is none. */
export function refused(outcome: IntakeOutcome): Decision {
  if (outcome.type !== 'refused') throw new Error(`not refused: ${said(outcome)}`);
  return outcome.decision;
}

export function rulesOf(outcome: IntakeOutcome): string[] {
  return refused(outcome)
    .reasons.filter(({ effect }) => effect !== 'note')
    .map(({ rule }) => rule);
}

export function failure(outcome: IntakeOutcome): { code: string; message: string; subject: object } {
  if (outcome.type !== 'failed') throw new Error(`not failed: ${said(outcome)}`);
  return outcome.error;
}

export function approved(outcome: IntakeOutcome): string {
  if (outcome.type !== 'approved') throw new Error(`not approved: ${said(outcome)}`);
  return outcome.commit;
}

function said(outcome: IntakeOutcome): string {
  return JSON.stringify(outcome.type === 'failed' ? { failed: outcome.error.message } : outcome);
}

/** What the catalog serves. */
export async function releaseOf(house: House, id: string, revision = 'main'): Promise<Release> {
  const found = await house.catalog.find(repo(id), revisionOf(revision));
  if (found.type !== 'release') throw new Error(`${id}@${revision} is ${found.type}`);
  return found.release;
}

export async function pinOf(house: House, id: string, ref = 'main'): Promise<string | undefined> {
  const state = await house.journal.state(repo(id));
  return [...state.pins].find(([name]) => name === ref)?.[1].commit;
}

/** Every byte that the release names is in the store, and is what the hub has at that commit. */
export async function expectWhole(rig: Rig, house: House, id: string, revision = 'main'): Promise<void> {
  const release = await releaseOf(house, id, revision);
  const commit = rig.hub.repo(id).at(release.commit);
  const stored = new Map((await house.stored()).map((blob) => [blob.sha256, blob.size]));
  expect(isCommitSha(release.commit)).toBe(true);
  expect(release.files.size).toBeGreaterThan(0);
  for (const file of release.files.values()) {
    expect(file.sha256).toBe(commit?.files.get(file.path)?.content.sha256);
    expect(stored.get(file.sha256), file.path).toBe(file.size);
  }
}
