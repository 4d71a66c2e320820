// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import PQueue from 'p-queue';
import { pino } from 'pino';
import { adminCheck } from '#src/access/admin-token.ts';
import { createIdentify, type Identify } from '#src/access/identify.ts';
import { createOidc } from '#src/access/oidc.ts';
import type { OriginOptions } from '#src/access/origin.ts';
import { createTokens, type Tokens } from '#src/access/tokens.ts';
import { trustedProxies } from '#src/access/trusted-proxies.ts';
import { createApp } from '#src/app.ts';
import { type KeyRing, openKeyRing } from '#src/attest/key-ring.ts';
import type { Audit } from '#src/audit/audit.ts';
import { openAudit } from '#src/audit/open.ts';
import { type Catalog, createCatalog } from '#src/catalog/catalog.ts';
import { createEvaluations } from '#src/catalog/evaluations.ts';
import { createJournal, type Journal } from '#src/catalog/journal.ts';
import { createPublisher, type Publisher } from '#src/catalog/publisher.ts';
import { createReleaseRegister } from '#src/catalog/release-register.ts';
import { createRulings, type Rulings } from '#src/catalog/rulings.ts';
import { configSchema, type FileConfig } from '#src/config/schema.ts';
import type { Announcement } from '#src/domain/announcement.ts';
import type { Clock } from '#src/domain/clock.ts';
import { createListing } from '#src/hub/listing/listing.ts';
import { createPrebuilt } from '#src/hub/prebuilt.ts';
import { type Index, openIndex } from '#src/index/index.ts';
import { createInForce } from '#src/intake/in-force.ts';
import { createIntakes, type Intakes } from '#src/intake/intakes.ts';
import { createQuarantine } from '#src/intake/quarantine.ts';
import { followOf } from '#src/intake/ref-pins.ts';
import { createRescan, type Rescan } from '#src/intake/rescan.ts';
import { ledgerOf } from '#src/main/audit.ts';
import { storedRevocations } from '#src/main/revoked-tokens.ts';
import type { Endpoint } from '#src/notify/endpoint.ts';
import { createNotifications, type Notifications } from '#src/notify/notifications.ts';
import { type CaseActs, createCaseActs } from '#src/review/case-acts.ts';
import { type Cases, createCases } from '#src/review/cases.ts';
import { createReview, type Review } from '#src/review/review.ts';
import { createRevoking, type Revoking } from '#src/review/revoking.ts';
import { createRollback, type Rollback } from '#src/review/rollback.ts';
import { createSourceActs, type SourceActs } from '#src/review/sources.ts';
import { readOrCreateIndexKey } from '#src/scan/index-key.ts';
import { createScanner, type Scanner } from '#src/scan/scanner.ts';
import { openFolder } from '#src/store/folder.ts';
import { FolderBlobStore } from '#src/store/folder-blob-store.ts';
import { FolderRecordStore } from '#src/store/folder-record-store.ts';
import { createHubClient } from '#src/upstream/hub-client.ts';
import type { Upstream } from '#src/upstream/upstream.ts';

export const ADMIN_TOKEN = 'airlock_token-of-the-tests';
const PUBLIC_URL = 'http://mirror.test';

/** A time that moves on by a millisecond whenever somebody looks, and as far as a test says. */
export class TestClock implements Clock {
  #time = Date.parse('2026-03-01T12:00:00.000Z');

  now(): Date {
    return new Date(this.#time++);
  }

  advance(seconds: number): void {
    this.#time += seconds * 1000;
  }
}

export interface HouseOptions {
  /** Store, index, keys and quarantine: a second house on the same folder is a second process on the same data. */
  readonly folder: string;
  /** Base URL of the hub. */
  readonly upstream: string;
  readonly clock?: TestClock;
  /** As in the configuration file; what is left out has its default. */
  readonly config?: object;
  /** Who is told of what is announced to `notifications`. */
  readonly endpoints?: readonly Endpoint[];
  /** Another index than the folder's own, as another replica's. */
  readonly indexFile?: string;
  /** The mirror's own token at the hub. */
  readonly upstreamToken?: string;
  /** Who asks, where a test says so itself. */
  readonly identify?: Identify;
}

/** Every room of the mirror, put together as `main.ts` does, without a socket. */
export interface House {
  readonly options: HouseOptions;
  readonly config: FileConfig;
  readonly clock: TestClock;
  readonly ring: KeyRing;
  readonly records: FolderRecordStore;
  readonly blobs: FolderBlobStore;
  readonly index: Index;
  readonly indexFile: string;
  readonly journal: Journal;
  readonly rulings: Rulings;
  readonly catalog: Catalog;
  readonly publisher: Publisher;
  readonly intakes: Intakes;
  readonly review: Review;
  readonly cases: Cases;
  readonly revoking: Revoking;
  readonly rollback: Rollback;
  readonly caseActs: CaseActs;
  readonly sourceActs: SourceActs;
  readonly upstream: Upstream;
  readonly rescan: Rescan;
  readonly scanner: Scanner;
  readonly tokens: Tokens;
  readonly audit: Audit;
  readonly notifications: Notifications;
  readonly app: ReturnType<typeof createApp>;
  readonly origin: OriginOptions;
  /** Log lines, parsed. */
  readonly log: Record<string, unknown>[];
  readonly announced: Announcement[];
  close(): Promise<void>;
}

export async function openHouse(options: HouseOptions): Promise<House> {
  const { folder, clock = new TestClock(), indexFile = join(folder, 'index.sqlite') } = options;
  const config = configSchema.parse({ upstream: { url: options.upstream, tries: 2 }, ...options.config });
  const store = await openFolder(join(folder, 'store'), { create: true });
  const [blobs, records] = [new FolderBlobStore(store), new FolderRecordStore(store)];
  const index = await openIndex(indexFile);
  const ring = await openKeyRing({ ...config.keys, folder: join(folder, 'keys'), storeIsInUse: async () => false });
  const { refreshSeconds, maxStaleSeconds } = config.catalog;
  const { signers, keys } = ring;
  const chained = { records, index, clock, signers, keys, refreshSeconds, maxStaleSeconds };
  const journal = createJournal({ ...chained, cachedRepos: config.catalog.releases });
  const rulings = createRulings(chained);
  const catalog = createCatalog({
    journal,
    rulings,
    records,
    keys: ring.keys,
    cachedReleases: config.catalog.releases,
  });
  const publisher = createPublisher({ journal, records, signer: ring.signers.approval });
  const audit = openAudit({
    ...{ records, index, clock, log: { error: () => undefined, warn: () => undefined } },
    signer: ring.signers.evidence,
    keys: ring.keys,
    folder: join(folder, 'audit'),
    settings: config.audit,
  });
  const lines: Record<string, unknown>[] = [];
  const announced: Announcement[] = [];
  const announce = (announcement: Announcement) => void announced.push(announcement);
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const judging = {
    scanner: createScanner({ processes: config.scan.processes, cache: index.facts }),
    quarantine: createQuarantine(join(folder, 'quarantine')),
    inForce: createInForce({ sources: config.sources, rulings, clock }),
    rules: config.policy,
    limits: config.intake,
    minFreeBytes: config.intake.minFreeBytes,
    ...{ blobs, journal, rulings, publisher, catalog, index, clock, log, announce },
  };
  const evaluations = createEvaluations(records, config.policy.evaluationSigners);
  const upstream = createHubClient({
    ...config.upstream,
    ...(options.upstreamToken === undefined ? {} : { token: options.upstreamToken }),
  });
  const intakes = createIntakes({
    ...judging,
    evaluations,
    upstream,
    follow: followOf(config),
    queue: new PQueue({ concurrency: config.intake.concurrent }),
    downloads: new PQueue({ concurrency: config.intake.files }),
    tries: config.upstream.tries,
  });
  const rescan = createRescan(judging);
  const cases = createCases({ ...judging, ...config.cases, rulings, announce });
  const review = createReview({ journal, catalog, publisher, intakes, index, clock, announce });
  const register = createReleaseRegister({ catalog, index, log });
  const rollback = createRollback({ journal, catalog, publisher });
  const revoking = createRevoking({ rulings, rollback, catalog, clock, announce });
  const notifications = createNotifications({
    ...{ table: index.notifications, endpoints: options.endpoints ?? [], linkOf: () => undefined, clock, log },
    ...config.notifications,
  });
  const sourceActs = createSourceActs({ sources: config.sources, rulings, clock });
  const caseActs = createCaseActs({ cases, review, sourceActs, index, clock });
  const tokens = createTokens({
    table: index.tokens,
    revocations: storedRevocations(records),
    key: await readOrCreateIndexKey(join(folder, 'keys', 'index.key')),
    onAltered: (row) => log.error({ security: true, tokenId: row.id }, 'altered token'),
    ...config.access,
    onAct: (act, { id, name, owner }, by) => log.info({ tokenId: id, tokenName: name, owner, by }, `token ${act}`),
    onError: (error) => log.warn({ err: error }, 'last uses'),
    clock,
  });
  const identify =
    options.identify ??
    createIdentify({
      tokens,
      isAdmin: adminCheck(ADMIN_TOKEN),
      oidc: createOidc({ issuers: config.access.oidc, clock, cooldownMilliseconds: 0 }),
      onRefusedOidc: (refused) => log.info(refused, 'refused'),
    });
  const { approval, evidence } = ring.signers;
  const { holdApiSeconds, holdResolveSeconds, holdLlamaCppSeconds } = config.intake;
  const origin: OriginOptions = {
    publicUrl: config.publicUrl ?? PUBLIC_URL,
    listenUrl: PUBLIC_URL,
    trustedProxies: trustedProxies(config.trustedProxies),
  };
  const prebuilt = createPrebuilt(blobs);
  const listing = createListing({ catalog, journal, remembered: index.listings, prebuilt, clock, refreshSeconds, log });
  const app = createApp({
    hub: {
      hold: {
        apiSeconds: holdApiSeconds,
        resolveSeconds: holdResolveSeconds,
        llamaCppSeconds: holdLlamaCppSeconds,
      },
      ...{ catalog, intakes, cases, blobs, prebuilt, listing, served: audit.served },
    },
    admin: {
      evaluations,
      keys: { approval: approval.key, evidence: evidence.key },
      trusted: ring.keys,
      identify,
      anonymous: config.access.anonymous,
      audit,
      ...ledgerOf(records, index, ring),
      explain: judging.scanner.explain,
      evidence,
      ...{ register, clock },
      ...{ catalog, intakes, review, cases, revoking, rollback, rescan, journal, index, tokens },
      notifications,
      ...{ caseActs, sourceActs, upstream },
    },
    access: {
      identify,
      anonymous: config.access.anonymous,
      onRefused: (_, stranger) =>
        log.info({ why: stranger.why, ...('token' in stranger ? { tokenId: stranger.token.id } : {}) }, 'refused'),
      onError: (error) => log.warn({ err: error }, 'not looked up'),
    },
    browserOrigins: config.access.browserOrigins,
    turnedAway: audit.refused,
    readiness: [{ name: 'store', check: () => records.get('readiness-probe') }],
    origin,
    log,
  });
  const close = async () => {
    await intakes.stop();
    await rescan.stop();
    await register.stop();
    await tokens.stop();
    await notifications.stop();
    await cases.stop();
    await audit.stop();
    await index.close();
  };
  const parts = {
    records,
    blobs,
    index,
    indexFile,
    journal,
    rulings,
    catalog,
    publisher,
    intakes,
    review,
    cases,
    revoking,
    rollback,
    caseActs,
    sourceActs,
    upstream,
    rescan,
    scanner: judging.scanner,
    tokens,
    audit,
    notifications,
  };
  return { options, config, clock, ring, app, origin, log: lines, announced, close, ...parts };
}

/**
 * A request with its path exactly as written, as a socket hands it over. `app.request` alone would resolve `..` before
 * the mirror sees it.
 */
export async function send(house: Pick<House, 'app'>, path: string, init: RequestInit = {}): Promise<Response> {
  return house.app.request(`${PUBLIC_URL}${path}`, init, { incoming: { url: path } });
}

/** An act of the administrator. */
export async function post(
  house: Pick<House, 'app'>,
  verb: string,
  body: unknown,
  token: string | undefined = ADMIN_TOKEN,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await send(house, `/api/airlock/${verb}`, { method: 'POST', headers, body: text });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
