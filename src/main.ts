// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import PQueue from 'p-queue';
import { loadRules } from '#scanners/rules.ts';
import { adminCheck } from './access/admin-token.ts';
import { firstAdminToken } from './access/first-admin.ts';
import { createIdentify } from './access/identify.ts';
import { trustedProxies } from './access/trusted-proxies.ts';
import { createApp } from './app.ts';
import { createCatalog } from './catalog/catalog.ts';
import { createEvaluations } from './catalog/evaluations.ts';
import { createJournal } from './catalog/journal.ts';
import { createPublisher } from './catalog/publisher.ts';
import { createReleaseRegister } from './catalog/release-register.ts';
import { createRulings } from './catalog/rulings.ts';
import { type Config, publicUrl } from './config.ts';
import { systemClock } from './domain/clock.ts';
import { messageOf } from './domain/errors.ts';
import { createListing } from './hub/listing/listing.ts';
import { createPrebuilt } from './hub/prebuilt.ts';
import { openIndex } from './index/index.ts';
import { createInForce } from './intake/in-force.ts';
import { createIntakes } from './intake/intakes.ts';
import { createQuarantine } from './intake/quarantine.ts';
import { startRechecks } from './intake/recheck.ts';
import { followOf } from './intake/ref-pins.ts';
import { createRescan, type Rescan } from './intake/rescan.ts';
import { startSweeps } from './intake/sweeps.ts';
import { auditOf, ledgerOf, startOf } from './main/audit.ts';
import { greet } from './main/greet.ts';
import { adminToken, openKeys } from './main/keys.ts';
import { openNotifications } from './main/notifications.ts';
import { administersByIssuer, oidcOf, openTokens, readersOf } from './main/readers.ts';
import { openStores, redirects } from './main/stores.ts';
import { openUpstreams } from './main/upstream.ts';
import { listen } from './ops/door.ts';
import { createLog, type Log } from './ops/log.ts';
import { createCaseActs } from './review/case-acts.ts';
import { startCaseSweeps } from './review/case-sweeps.ts';
import { createCases } from './review/cases.ts';
import { createReview } from './review/review.ts';
import { createRevoking } from './review/revoking.ts';
import { createRollback } from './review/rollback.ts';
import { createSourceActs } from './review/sources.ts';
import { readOrCreateIndexKey } from './scan/index-key.ts';
import { clamavScanner, type MalwareScanner } from './scan/malware.ts';
import { createScanner } from './scan/scanner.ts';
import { takeDataFolder } from './store/data-folder.ts';
import { createWatch } from './watch/watch.ts';

/** A running mirror. */
export interface Mirror {
  readonly url: string;
  /** Read the scanner rules again, and judge all releases by them; what is wrong with them goes to the log. */
  reloadRules(): void;
  /** Finish running answers, stop intakes where they are, let go of the data folder. May be called twice. */
  stop(): Promise<void>;
}

/** Intakes between their first question and their end. Those that wait for a turn hold a listing in memory, and no more. */
const KNOWN_INTAKES = 256;

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
  const notifications = openNotifications(config, index, url, log);
  opened.defer(() => notifications.stop());
  const { announce } = notifications;
  const ring = await openKeys(config, stores.records);
  const admin = await adminToken(config);
  const audit = auditOf(config, stores.records, index, ring, log);
  // Behind everything that acts or serves.
  opened.defer(() => audit.stop());
  const indexKey = await readOrCreateIndexKey(join(config.data, 'keys', 'index.key'));
  const tokens = openTokens(config, { index, records: stores.records, key: indexKey }, log);
  const identify = createIdentify({ tokens, isAdmin: adminCheck(admin.token), ...oidcOf(config, log) });
  opened.defer(() => tokens.stop());

  const scanner = createScanner({
    rules: () => loadRules(config.scan.rules ?? undefined),
    ...malwareScanner(config),
    processes: config.scan.processes,
    limits: { memoryBytes: config.scan.memoryBytes, fileMilliseconds: config.scan.secondsPerFile * 1000 },
    cache: index.facts,
    cacheKey: indexKey,
    onAlteredFacts: (entry) =>
      log.error({ security: true, ...entry }, 'remembered facts of a file do not verify: it is scanned again'),
  });
  const chained = {
    records: stores.records,
    index,
    signers: ring.signers,
    keys: ring.keys,
    clock: systemClock,
    refreshSeconds: config.catalog.refreshSeconds,
    maxStaleSeconds: config.catalog.maxStaleSeconds,
  };
  const journal = createJournal({ ...chained, cachedRepos: config.catalog.releases });
  const rulings = createRulings(chained);
  const catalog = createCatalog({
    journal,
    rulings,
    records: stores.records,
    keys: ring.keys,
    cachedReleases: config.catalog.releases,
  });
  const register = createReleaseRegister({ catalog, index, log });
  const publisher = createPublisher({
    journal,
    records: stores.records,
    signer: ring.signers.approval,
    published: register.note,
  });
  const quarantine = createQuarantine(join(config.data, 'quarantine'));
  const judging = {
    catalog,
    rulings,
    journal,
    publisher,
    blobs: stores.blobs,
    scanner,
    quarantine,
    index,
    inForce: createInForce({ sources: config.sources, rulings, clock: systemClock }),
    rules: config.policy,
    limits: config.intake,
    minFreeBytes: config.intake.minFreeBytes,
    clock: systemClock,
    announce,
  };
  const upstream = await openUpstreams(config);
  const evaluations = createEvaluations(stores.records, config.policy.evaluationSigners);
  const intakes = createIntakes({
    ...judging,
    evaluations,
    upstream,
    follow: followOf(config),
    queue: new PQueue({ concurrency: KNOWN_INTAKES }),
    turns: {
      gates: new PQueue({ concurrency: config.intake.concurrent }),
      bulk: new PQueue({ concurrency: config.intake.concurrent }),
    },
    downloads: { concurrency: config.intake.files },
    tries: Math.max(...config.upstreams.map(({ tries }) => tries)),
    log,
  });
  const rescan = createRescan({ ...judging, askAgainDays: config.scan.clamav?.askAgainDays ?? null, log });
  const cases = createCases({ ...judging, ...config.cases, rulings, announce, log });
  opened.defer(() => cases.stop());
  const rollback = createRollback({ journal, catalog, publisher });
  const revoking = createRevoking({ rulings, rollback, catalog, clock: systemClock, announce });
  const review = createReview({ journal, catalog, publisher, intakes, index, clock: systemClock, announce });
  const sourceActs = createSourceActs({ sources: config.sources, rulings, clock: systemClock });
  const caseActs = createCaseActs({ cases, review, sourceActs, index, clock: systemClock });

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
      cases,
      prebuilt,
      listing,
      blobs: stores.blobs,
      hold: holdTimes(config),
      redirect: redirects(config, log),
      served: config.audit.countAccesses ? audit.served : undefined,
    },
    admin: {
      catalog,
      evaluations,
      intakes,
      review,
      cases,
      journal,
      revoking,
      rollback,
      caseActs,
      sourceActs,
      register,
      evidence: ring.signers.evidence,
      clock: systemClock,
      upstream,
      rescan,
      explain: scanner.explain,
      index,
      keys: { approval: ring.signers.approval.key, evidence: ring.signers.evidence.key },
      trusted: ring.keys,
      identify,
      anonymous: config.access.anonymous,
      audit,
      ...ledgerOf(stores.records, index, ring),
      tokens,
      notifications,
    },
    access: { ...readersOf(config, log), identify },
    turnedAway: audit.refused,
    browserOrigins: config.access.browserOrigins,
    readiness: [
      { name: 'store', check: () => stores.records.get('readiness-probe') },
      { name: 'rulings', check: () => rulings.state() },
      { name: 'index', check: () => index.intakes.recent(1) },
    ],
    log,
    origin: {
      publicUrl: config.publicUrl ?? undefined,
      listenUrl: url,
      trustedProxies: trustedProxies(config.trustedProxies),
    },
  });

  const watch = createWatch({
    upstream,
    catalog,
    journal,
    index,
    clock: systemClock,
    announce,
    watchMinutes: config.refs.watchMinutes,
    log,
  });
  const stopRechecks = startRechecks({
    watch,
    index,
    catalog,
    intakes,
    clock: systemClock,
    follow: followOf(config),
    recheckMinutes: config.refs.recheckMinutes,
    log,
  });
  const stopSweeps = startSweeps({ quarantineDays: config.intake.quarantineDays, quarantine, intakes, log });
  const stopCaseSweeps = startCaseSweeps({ cases, log });
  opened.defer(async () => {
    void door.close();
    stopSweeps();
    stopCaseSweeps();
    await intakes.stop();
    await rescan.stop();
    await register.stop();
    await stopRechecks();
  });
  await notifications.start();
  await audit.started(startOf(config, ring));
  const first = admin.token === undefined && !administersByIssuer(config) ? await firstAdminToken(tokens) : undefined;
  greet(config, url, ring, { ...admin, ...(first && { first }) }, say);
  door.open(app.fetch);
  register.catchUp().catch((error: unknown) => log.warn({ err: error }, 'not all releases could be noted'));
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
