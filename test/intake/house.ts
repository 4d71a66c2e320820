// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import PQueue from 'p-queue';
import type { Dispatcher } from 'undici';
import { loadRules, type Rules } from '#scanners/rules.ts';
import { openKeyRing } from '#src/attest/key-ring.ts';
import { type Catalog, createCatalog } from '#src/catalog/catalog.ts';
import { createEvaluations, type Evaluations } from '#src/catalog/evaluations.ts';
import { createJournal, type Journal } from '#src/catalog/journal.ts';
import { createPublisher } from '#src/catalog/publisher.ts';
import { createRulings, type Rulings } from '#src/catalog/rulings.ts';
import { configSchema } from '#src/config/schema.ts';
import type { Announcement } from '#src/domain/announcement.ts';
import { parseRepo, type Repo } from '#src/domain/repo.ts';
import { parseRevision, type Revision } from '#src/domain/revision.ts';
import { type Index, openIndex } from '#src/index/index.ts';
import { createInForce } from '#src/intake/in-force.ts';
import { createIntakes, type Intakes } from '#src/intake/intakes.ts';
import type { IntakeOutcome } from '#src/intake/progress.ts';
import { createQuarantine, type Quarantine } from '#src/intake/quarantine.ts';
import { recheckDue } from '#src/intake/recheck.ts';
import { recheckWaiting } from '#src/intake/recheck-waiting.ts';
import { followOf } from '#src/intake/ref-pins.ts';
import { createRescan, type Rescan } from '#src/intake/rescan.ts';
import { openUpstreams } from '#src/main/upstream.ts';
import { createReview, type Review } from '#src/review/review.ts';
import type { MalwareScanner } from '#src/scan/malware.ts';
import { createScanner } from '#src/scan/scanner.ts';
import { openFolder } from '#src/store/folder.ts';
import { FolderBlobStore } from '#src/store/folder-blob-store.ts';
import { FolderRecordStore } from '#src/store/folder-record-store.ts';
import { boundedUpstream } from '#src/upstream/bounded.ts';
import { createHubClient } from '#src/upstream/hub-client.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import { createWatch, type Watch } from '#src/watch/watch.ts';
import { type FoundFile, filesBelow } from '#test/support/files.ts';

/** Seals the facts that a house remembers. */
export const FACTS_KEY = Buffer.alloc(32, 1);

export interface HouseOptions {
  readonly hub: string;
  readonly data: string;
  /** As in the configuration file; what is left out has its default. */
  readonly config?: object;
  readonly token?: string;
  readonly dispatcher?: Dispatcher;
  readonly malware?: MalwareScanner;
  /** Another replica of the same store has an index of its own. Default: in the data folder. */
  readonly index?: string;
}

/** All rooms between upstream and catalog, real ones, wired as `main.ts` wires them. No door is open. */
export interface House {
  readonly intakes: Intakes;
  readonly review: Review;
  readonly rescan: Rescan;
  /** What the scanner reads its rules from; a test puts others in its place and reloads. */
  scannerRules: () => Rules;
  readonly journal: Journal;
  readonly rulings: Rulings;
  readonly catalog: Catalog;
  readonly evaluations: Evaluations;
  readonly index: Index;
  readonly quarantine: Quarantine;
  readonly upstream: Upstream;
  readonly watch: Watch;
  readonly log: { readonly text: string; readonly details: object }[];
  /** What people were told of. */
  readonly announced: readonly Announcement[];
  /** Minutes that the house's clock is ahead of the real one. */
  ahead: number;
  ask(id: string, revision?: string, options?: { afresh?: boolean }): Promise<IntakeOutcome>;
  recheck(waitSeconds?: number): Promise<number>;
  recheckWaiting(): Promise<number>;
  quarantined(): Promise<FoundFile[]>;
  stored(): Promise<FoundFile[]>;
  stop(): Promise<void>;
}

export async function openHouse({
  hub,
  data,
  config = {},
  malware,
  index: file,
  ...client
}: HouseOptions): Promise<House> {
  const settings = configSchema.parse({ intake: { minFreeBytes: '1 MiB' }, ...config });
  await mkdir(data, { recursive: true });
  const folder = await openFolder(join(data, 'store'), { create: true });
  const records = new FolderRecordStore(folder);
  const blobs = new FolderBlobStore(folder);
  const index = await openIndex(file ?? join(data, 'index.sqlite'));
  const ring = await openKeyRing({
    ...settings.keys,
    folder: join(data, 'keys'),
    storeIsInUse: async () => (await readdir(join(data, 'store', 'records'))).length > 0,
  });
  const house = {
    ahead: 0,
    log: [] as House['log'][number][],
    announced: [] as Announcement[],
    scannerRules: () => loadRules(),
  };
  const clock = { now: () => new Date(Date.now() + house.ahead * 60_000) };
  const { signers, keys } = ring;
  const chained = { records, index, signers, keys, clock, refreshSeconds: 1, maxStaleSeconds: 60 };
  const journal = createJournal({ ...chained, cachedRepos: 100 });
  const rulings = createRulings(chained);
  const catalog = createCatalog({ journal, rulings, records, keys, cachedReleases: 100 });
  const publisher = createPublisher({ journal, records, signer: signers.approval });
  const quarantine = createQuarantine(join(data, 'quarantine'));
  const { url: _, ...patience } = settings.upstream;
  const upstream = settings.upstreams
    ? await openUpstreams({ upstreams: settings.upstreams, sources: settings.sources })
    : boundedUpstream(createHubClient({ url: hub, ...patience, ...client }), { clock });
  const write = (details: object, text: string) => void house.log.push({ text, details });
  const scanner = createScanner({
    processes: 2,
    cache: index.facts,
    cacheKey: FACTS_KEY,
    rules: () => house.scannerRules(),
    clock,
    ...(malware && { malware }),
  });
  const judging = {
    ...{ blobs, scanner, journal, rulings, catalog, publisher, index, quarantine, clock },
    announce: (announcement: Announcement) => void house.announced.push(announcement),
    inForce: createInForce({ sources: settings.sources, rulings, clock }),
    rules: settings.policy,
    limits: settings.intake,
    minFreeBytes: settings.intake.minFreeBytes,
  };
  const evaluations = createEvaluations(records, settings.policy.evaluationSigners);
  const intakes = createIntakes({
    ...judging,
    evaluations,
    upstream,
    follow: followOf(settings),
    queue: new PQueue({ concurrency: 256 }),
    turns: {
      gates: new PQueue({ concurrency: settings.intake.concurrent }),
      bulk: new PQueue({ concurrency: settings.intake.concurrent }),
    },
    downloads: { concurrency: settings.intake.files },
    tries: settings.upstream.tries,
    log: { info: write, error: write },
  });
  const rescan = createRescan({
    ...judging,
    retryMilliseconds: 50,
    askAgainDays: settings.scan.clamav?.askAgainDays ?? null,
    log: { info: write, warn: write, error: write },
  });
  const watch = createWatch({
    ...{ upstream, catalog, journal, index, clock },
    announce: judging.announce,
    watchMinutes: settings.refs.watchMinutes,
    log: { warn: write },
  });
  const rechecks = {
    watch,
    index,
    catalog,
    intakes,
    clock,
    follow: followOf(settings),
    recheckMinutes: settings.refs.recheckMinutes,
    log: { warn: write },
  };
  return Object.assign(house, {
    intakes,
    rescan,
    review: createReview({ journal, catalog, publisher, intakes, index, clock, announce: judging.announce }),
    journal,
    rulings,
    catalog,
    evaluations,
    index,
    quarantine,
    upstream,
    watch,
    ask: (id: string, revision = 'main', options = {}) =>
      intakes.request(repo(id), revisionOf(revision), options).outcome,
    recheckWaiting: () => recheckWaiting({ ...rechecks, waitSeconds: 60 }, () => false),
    recheck: (waitSeconds = 60) => recheckDue({ ...rechecks, waitSeconds }),
    quarantined: () => filesBelow(join(data, 'quarantine')),
    stored: () => filesBelow(join(data, 'store', 'blobs')),
    async stop() {
      watch.stop();
      await intakes.stop();
      await rescan.stop();
      await index.close();
    },
  });
}

export function repo(id: string): Repo {
  return parseRepo('models', id);
}

export function revisionOf(text: string): Revision {
  return parseRevision(text);
}
