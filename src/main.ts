// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import PQueue from 'p-queue';
import { loadRules } from '#scanners/rules.ts';
import { adminCheck, readOrCreateToken } from './access/admin-token.ts';
import { createIdentify } from './access/identify.ts';
import { createTokens, type Tokens } from './access/tokens.ts';
import { trustedProxies } from './access/trusted-proxies.ts';
import { createApp } from './app.ts';
import { type KeyRing, openKeyRing } from './attest/key-ring.ts';
import { createCatalog } from './catalog/catalog.ts';
import { createJournal } from './catalog/journal.ts';
import { createPublisher } from './catalog/publisher.ts';
import { type Config, explainConfig, publicUrl } from './config.ts';
import { systemClock } from './domain/clock.ts';
import { messageOf } from './domain/errors.ts';
import { createListing } from './hub/listing/listing.ts';
import { createPrebuilt } from './hub/prebuilt.ts';
import type { ReadAccessOptions } from './hub/read-access.ts';
import type { RedirectOptions } from './hub/redirect.ts';
import { type Index, openIndex } from './index/index.ts';
import { createIntakes, type Intakes } from './intake/intakes.ts';
import { createQuarantine, type Quarantine } from './intake/quarantine.ts';
import { startRechecks } from './intake/recheck.ts';
import { createRescan, type Rescan } from './intake/rescan.ts';
import { listen } from './ops/door.ts';
import { auditLog, createLog, type Log } from './ops/log.ts';
import { createReview } from './review/review.ts';
import { readOrCreateIndexKey } from './scan/index-key.ts';
import { clamavScanner, type MalwareScanner } from './scan/malware.ts';
import { createScanner } from './scan/scanner.ts';
import type { BlobStore } from './store/blob-store.ts';
import { takeDataFolder } from './store/data-folder.ts';
import { openFolder } from './store/folder.ts';
import { FolderBlobStore } from './store/folder-blob-store.ts';
import { FolderRecordStore } from './store/folder-record-store.ts';
import type { RecordStore } from './store/record-store.ts';
import { S3BlobStore } from './store/s3-blob-store.ts';
import { createS3Client, ensureBucket } from './store/s3-client.ts';
import { S3RecordStore } from './store/s3-record-store.ts';
import { boundedUpstream } from './upstream/bounded.ts';
import { createHubClient } from './upstream/hub-client.ts';
import { createOutage } from './upstream/outage.ts';
import type { Upstream } from './upstream/upstream.ts';

/** A running mirror. */
export interface Mirror {
  readonly url: string;
  /** Read the scanner rules again, and judge all releases by them; what is wrong with them goes to the log. */
  reloadRules(): void;
  /** Finish running answers, stop intakes where they are, let go of the data folder. May be called twice. */
  stop(): Promise<void>;
}

const SWEEP_MILLISECONDS = 3_600_000;
/** Intakes between their first question and their end. Those that wait for a turn hold a listing in memory, and no more. */
const KNOWN_INTAKES = 256;

interface Stores {
  readonly blobs: BlobStore;
  readonly records: RecordStore;
}

/**
 * Start a mirror, or leave nothing behind that runs: no socket, no download, no lock.
 * @throws AirlockError config-invalid, store-unavailable
 */
export async function startMirror(config: Config, say: (line: string) => void): Promise<Mirror> {
  const opened = new AsyncDisposableStack();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= opened.disposeAsync();
    return stopped;
  };
  try {
    return { ...(await openMirror(config, say, opened)), stop };
  } catch (error) {
    // Why it did not start is what the operator needs, not what else went wrong on the way back.
    await stop().catch(() => undefined);
    throw error;
  }
}

/**
 * Build everything, in the order in which data flows; `opened` gets what has to be undone, in reverse. The address is
 * taken early, while nothing runs yet: a mirror that nobody can reach must not download anything.
 */
async function openMirror(
  config: Config,
  say: (line: string) => void,
  opened: AsyncDisposableStack,
): Promise<Omit<Mirror, 'stop'>> {
  opened.defer(await takeDataFolder(config.data));
  const log = createLog(config.log.level);
  const door = await listen(config.listen.host, config.listen.port, log);
  opened.defer(() => door.close());
  const url = publicUrl(config, door.port);
  const stores = await openStores(config);
  const index = await openIndex(join(config.data, 'index.sqlite'));
  opened.defer(() => index.close());
  const ring = await openKeys(config, stores.records);
  const admin = await adminToken(config);
  const tokens = openTokens(config, index, log);
  const isAdmin = adminCheck(admin.token);
  opened.defer(() => tokens.stop());

  const scanner = createScanner({
    rules: () => loadRules(config.scan.rules ?? undefined),
    ...malwareScanner(config),
    processes: config.scan.processes,
    limits: { memoryBytes: config.scan.memoryBytes, fileMilliseconds: config.scan.secondsPerFile * 1000 },
    cache: index.facts,
    cacheKey: await readOrCreateIndexKey(join(config.data, 'keys', 'index.key')),
    onAlteredFacts: (entry) =>
      log.error({ security: true, ...entry }, 'remembered facts of a file do not verify: it is scanned again'),
  });
  const journal = createJournal({
    records: stores.records,
    index,
    signers: ring.signers,
    keys: ring.keys,
    clock: systemClock,
    refreshSeconds: config.catalog.refreshSeconds,
    cachedRepos: config.catalog.releases,
  });
  const catalog = createCatalog({
    journal,
    records: stores.records,
    keys: ring.keys,
    cachedReleases: config.catalog.releases,
  });
  const publisher = createPublisher({ journal, records: stores.records, signer: ring.signers.approval });
  const quarantine = createQuarantine(join(config.data, 'quarantine'));
  const judging = {
    catalog,
    journal,
    publisher,
    blobs: stores.blobs,
    scanner,
    quarantine,
    index,
    sources: config.sources,
    rules: config.policy,
    limits: config.intake,
    minFreeBytes: config.intake.minFreeBytes,
    clock: systemClock,
  };
  const intakes = createIntakes({
    ...judging,
    upstream: openUpstream(config),
    follow: config.refs.follow,
    queue: new PQueue({ concurrency: KNOWN_INTAKES }),
    turns: {
      gates: new PQueue({ concurrency: config.intake.concurrent }),
      bulk: new PQueue({ concurrency: config.intake.concurrent }),
    },
    downloads: { concurrency: config.intake.files },
    tries: config.upstream.tries,
    log,
  });
  const rescan = createRescan({ ...judging, askAgainDays: config.scan.clamav?.askAgainDays ?? null, log });
  const review = createReview({ journal, catalog, publisher, intakes, index });

  opened.defer(async () => {
    // At once, because those who wait for an intake are running answers.
    const closed = door.close();
    await intakes.stop();
    await closed;
  });

  // Before the first request: a row of a dead process must not look like one of ours.
  const resumed = await intakes.resume();
  if (resumed > 0) log.info({ intakes: resumed }, 'unfinished intakes taken up');

  const prebuilt = createPrebuilt(stores.blobs);
  const listing = createListing({
    catalog,
    journal,
    remembered: index.listings,
    prebuilt,
    clock: systemClock,
    refreshSeconds: config.catalog.refreshSeconds,
    log,
  });
  const app = createApp({
    hub: {
      catalog,
      intakes,
      prebuilt,
      listing,
      blobs: stores.blobs,
      hold: holdTimes(config),
      redirect: redirects(config, log),
    },
    admin: {
      catalog,
      intakes,
      review,
      rescan,
      explain: scanner.explain,
      index,
      keys: { approval: ring.signers.approval.key, evidence: ring.signers.evidence.key },
      trusted: ring.keys,
      isAdmin,
      tokens,
    },
    access: { ...readersOf(config, log), identify: createIdentify({ tokens, isAdmin }) },
    browserOrigins: config.access.browserOrigins,
    readiness: [
      { name: 'store', check: () => stores.records.get('readiness-probe') },
      { name: 'index', check: () => index.intakes.recent(1) },
    ],
    log,
    origin: {
      publicUrl: config.publicUrl ?? undefined,
      listenUrl: url,
      trustedProxies: trustedProxies(config.trustedProxies),
    },
  });

  const stopRechecks = startRechecks({
    index,
    journal,
    intakes,
    clock: systemClock,
    follow: config.refs.follow,
    recheckMinutes: config.refs.recheckMinutes,
    log,
  });
  const stopSweeps = startSweeps(config, quarantine, intakes, log);
  opened.defer(async () => {
    void door.close();
    stopSweeps();
    await intakes.stop();
    await rescan.stop();
    await stopRechecks();
  });
  greet(config, url, ring, admin, say);
  door.open(app.fetch);
  // Served meanwhile, as they were before the stop: a pass over ten thousand releases must not keep a mirror closed.
  await rescan.startIfDue(resumed > 0);
  return { url, reloadRules: () => reloadRules(rescan, log) };
}

/** For a signal, which has nobody to answer to. */
function reloadRules(rescan: Rescan, log: Log): void {
  try {
    rescan.reload();
  } catch (error) {
    log.error({ err: error }, `${messageOf(error)} The rules in force stay.`);
  }
}

async function openStores({ store, data }: Config): Promise<Stores> {
  if (store.kind === 'folder') {
    const folder = await openFolder(join(data, 'store'), { create: true });
    return { blobs: new FolderBlobStore(folder), records: new FolderRecordStore(folder) };
  }
  const credentials = { ...store, accessKey: store.accessKey.reveal(), secretKey: store.secretKey.reveal() };
  const client = createS3Client(credentials);
  await ensureBucket(client, store.bucket, store);
  const place = { client, bucket: store.bucket, prefix: store.prefix };
  const reachable = store.redirect && createS3Client({ ...credentials, endpoint: store.redirect.endpoint });
  const blobs = new S3BlobStore(place, reachable ? { publicClient: reachable } : {});
  return { blobs, records: new S3RecordStore(place) };
}

function redirects({ store }: Config, log: Log): RedirectOptions | undefined {
  if (store.kind !== 's3' || store.redirect === null) return undefined;
  const { minBytes, seconds } = store.redirect;
  return {
    minBytes,
    seconds,
    onIssue: (issued) => auditLog(log).info(issued, 'a URL of the store was issued'),
  };
}

function openUpstream({ upstream: { token, ...rest } }: Config): Upstream {
  const outage = createOutage(systemClock);
  const options = { ...rest, onFailedTry: outage.suspect };
  const hub = createHubClient(token ? { ...options, token: token.reveal() } : options);
  return boundedUpstream(hub, { clock: systemClock, outage });
}

async function openKeys({ keys, data }: Config, records: RecordStore): Promise<KeyRing> {
  return openKeyRing({
    ...keys,
    folder: join(data, 'keys'),
    storeIsInUse: async () => {
      for await (const _ of records.list('journal/')) return true;
      return false;
    },
  });
}

/** From the environment; the embedded default makes one. A configuration that names its keys names its token too. */
async function adminToken({ adminToken, keys, data }: Config): Promise<{ token?: string; file?: string }> {
  if (adminToken) return { token: adminToken.reveal() };
  if (keys.approval) return {};
  const file = join(data, 'keys', 'admin.token');
  const { token } = await readOrCreateToken(file);
  return { token, file };
}

function openTokens({ access }: Config, index: Index, log: Log): Tokens {
  return createTokens({
    table: index.tokens,
    clock: systemClock,
    ...access,
    onAct: (act, { id, name, owner, expiresAt }, by) =>
      auditLog(log).info({ tokenId: id, tokenName: name, owner, expiresAt, by }, `token ${act}`),
    onError: (error) => log.warn({ err: error }, 'when tokens were last used could not be written: tried again later'),
  });
}

function readersOf({ access }: Config, log: Log): Omit<ReadAccessOptions, 'identify'> {
  return {
    anonymous: access.anonymous,
    onRefused: (requestId, stranger) => {
      if ('token' in stranger)
        log.info({ requestId, tokenId: stranger.token.id, why: stranger.why }, 'a token that opens nothing any more');
    },
    onError: (error) => log.warn({ err: error }, 'a token could not be looked up: answered as to a stranger'),
  };
}

function malwareScanner({ scan: { clamav } }: Config): { malware?: MalwareScanner } {
  if (clamav === null) return {};
  const { patienceSeconds, ...settings } = clamav;
  return { malware: clamavScanner({ ...settings, patienceMilliseconds: patienceSeconds * 1000 }) };
}

function holdTimes({ intake }: Config): { apiSeconds: number; resolveSeconds: number; llamaCppSeconds: number } {
  return {
    apiSeconds: intake.holdApiSeconds,
    resolveSeconds: intake.holdResolveSeconds,
    llamaCppSeconds: intake.holdLlamaCppSeconds,
  };
}

function greet(
  config: Config,
  url: string,
  ring: KeyRing,
  admin: { file?: string },
  say: (line: string) => void,
): void {
  say('Hub Airlock');
  for (const line of explainConfig(config).split('\n')) say(`  ${line}`);
  for (const file of ring.created)
    say(`Created a new signing key: ${file}. Keep a copy: what it signed can not be verified without it.`);
  say(`Approval key: sha256:${ring.signers.approval.key.hint}`);
  say(`Evidence key: sha256:${ring.signers.evidence.key.hint}`);
  if (admin.file) say(`Administrative token: ${admin.file}`);
  say('');
  say(`export HF_ENDPOINT=${url}`);
}

function startSweeps({ intake }: Config, quarantine: Quarantine, intakes: Intakes, log: Log): () => void {
  async function sweep(): Promise<void> {
    const running = new Set(intakes.running().map(({ commit }) => commit));
    const before = new Date(Date.now() - intake.quarantineDays * 86_400_000);
    const removed = await quarantine.sweep(before, (folder) =>
      [...running].some((commit) => commit !== undefined && folder.endsWith(commit)),
    );
    if (removed > 0) log.info({ removed }, 'old quarantine folders removed');
  }
  const timer = setInterval(() => {
    sweep().catch((error: unknown) => log.warn({ err: error }, 'quarantine sweep failed'));
  }, SWEEP_MILLISECONDS);
  timer.unref();
  return () => clearInterval(timer);
}
