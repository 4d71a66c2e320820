// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import type { Decision } from '#src/domain/decision.ts';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import type { Evidence, ScannedFile } from '#src/domain/evidence.ts';
import { frontMatter } from '#src/domain/front-matter.ts';
import type { Base } from '#src/domain/lineage.ts';
import type { SourceFile, SourceManifest } from '#src/domain/manifest.ts';
import { basesOfCard } from '#src/policy/bases.ts';
import { readLicense } from '#src/policy/card.ts';
import { readCard } from '#src/policy/card-fields.ts';
import { earlyDecision, invalidListing } from '#src/policy/evaluate.ts';
import { CARD_PATH } from '#src/policy/files.ts';
import { licenseFiles, withFound } from '#src/policy/found-licenses.ts';
import { publisherOf } from '#src/policy/publisher.ts';
import { type Selection, select } from '#src/policy/sources.ts';
import { fetchAll, UNCOUNTED } from './fetch-all.ts';
import { contextOf, type Job, type RunDeps } from './job.ts';
import { readLineage } from './lineage.ts';
import type { IntakeOutcome } from './progress.ts';
import { contentName, type QuarantinedFolder } from './quarantine.ts';
import { refuse } from './refuse.ts';
import { scanAll } from './scan-all.ts';
import type { Tracker } from './tracker.ts';

/** What went through the gates, and is worth its bytes. */
export interface Admitted extends Pick<Selection, 'selected'> {
  readonly known: EarlyKnowledge;
  readonly folder: QuarantinedFolder;
}

/** The evidence as far as it goes without the files. */
export type EarlyKnowledge = Omit<Evidence, 'files' | 'code'>;

/** Listing and card: what can be refused without the weights is refused here. */
export async function passGates(
  deps: RunDeps,
  job: Job,
  tracker: Tracker,
  signal: AbortSignal,
): Promise<Admitted | IntakeOutcome> {
  const context = contextOf(deps, job);
  tracker.stage('listing');
  const manifest = await list(deps, job, signal);
  const now = deps.clock.now().toISOString();
  if (manifest instanceof AirlockError)
    return refuse(deps, job, invalidListing(manifest.message, now, deps.rules, context));
  const { selected, excluded } = select(manifest.files, job.rule);
  const { rulesVersion } = deps.scanner;
  const listed = { now, manifest, excluded, rulesVersion, publisher: publisherOf(manifest.source) };
  const atListing = stopsEarly(earlyDecision({ ...listed, selected }, deps.rules, context));
  if (atListing) return refuse(deps, job, atListing, listed);
  tracker.total(new Set(selected.map(contentName)).size, totalBytes(selected));

  tracker.stage('card');
  const folder = await deps.quarantine.open(job.repo, job.source.commit);
  const { license: declared, card, bases } = await fetchCard(deps, job, manifest, folder, signal);
  const license = withFound(declared, await readLicenseFiles(deps, job, manifest, folder, signal));
  const lineage = await readLineage(deps, job, manifest, folder, bases, signal);
  const known = { ...listed, license, card, ...(lineage && { lineage }) };
  const atCard = stopsEarly(earlyDecision({ ...known, selected }, deps.rules, context));
  if (atCard) return refuse(deps, job, atCard, known);
  return { known, selected, folder };
}

/**
 * A denial stops the intake, and so does a hold: what may never be approved is not worth its bytes. A source whose
 * every commit a person reviews goes on, because that person wants to see the scan.
 */
function stopsEarly(decision: Decision | undefined): Decision | undefined {
  const stops = decision?.reasons.some(
    (reason) => reason.effect !== 'note' && reason.accepted === undefined && reason.rule !== 'source-review',
  );
  return stops ? decision : undefined;
}

/** A listing that is none is evidence, and returned; an answer that is no listing is upstream's failure, and thrown. */
async function list(deps: RunDeps, { source }: Job, signal: AbortSignal): Promise<SourceManifest | AirlockError> {
  const files: SourceFile[] = [];
  try {
    for await (const file of deps.upstream.list(source, signal)) {
      files.push(file);
      // The listing itself must end: far above the limit of files, because a selection may leave most of them out.
      if (files.length > MAX_LISTED)
        return new AirlockError('upstream-listing-invalid', `The commit has more than ${MAX_LISTED} files.`);
    }
  } catch (error) {
    if (isAirlockError(error, 'upstream-listing-invalid')) return error;
    throw error;
  }
  const paths = new Set(files.map((file) => file.path));
  if (paths.size < files.length) return new AirlockError('upstream-listing-invalid', 'Upstream lists a path twice.');
  if (!contentsAgree(files))
    return new AirlockError('upstream-listing-invalid', 'Upstream lists one content with two sizes or digests.');
  return { source, files: files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))) };
}

const MAX_LISTED = 1_000_000;

/**
 * Each content is pulled once, for all its paths: a size, or a sha256 beside a git blob id, that only one of them has
 * would be signed unchecked.
 */
function contentsAgree(files: readonly SourceFile[]): boolean {
  const known = new Map(files.map((file) => [contentName(file), file]));
  return files.every((file) => {
    const one = known.get(contentName(file));
    return one?.size === file.size && one.sha256 === file.sha256;
  });
}

/** The card is evidence even where the selection leaves it out. */
async function fetchCard(
  deps: RunDeps,
  job: Job,
  manifest: SourceManifest,
  folder: QuarantinedFolder,
  signal: AbortSignal,
): Promise<CardContent> {
  const card = manifest.files.find((file) => file.path === CARD_PATH);
  if (!card) return readAll(undefined);
  if (card.size > MAX_CARD_BYTES) {
    const problem = `${CARD_PATH} has more than ${MAX_CARD_BYTES} bytes`;
    return { license: { declared: [], from: problem }, card: { sections: [], problem }, bases: [] };
  }
  await fetchAll(deps, job.source, [card], folder, UNCOUNTED, signal);
  const handle = await open(folder.file(card), 'r');
  try {
    return readAll(await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

/** As the card, they are evidence even where the selection leaves them out. Only the scanner opens them. */
async function readLicenseFiles(
  deps: RunDeps,
  job: Job,
  manifest: SourceManifest,
  folder: QuarantinedFolder,
  signal: AbortSignal,
): Promise<readonly ScannedFile[]> {
  const wanted = licenseFiles(manifest.files);
  if (wanted.length === 0) return [];
  const files = await fetchAll(deps, job.source, wanted, folder, UNCOUNTED, signal);
  return (await scanAll(deps, files, folder, signal)).files;
}

/** The front matter is a stranger's YAML: parsed once. */
function readAll(card: string | undefined): CardContent {
  const matter = frontMatter(card ?? '');
  return { license: readLicense(card, matter), card: readCard(card, matter), bases: basesOfCard(matter) };
}

type CardContent = Required<Pick<Evidence, 'license' | 'card'>> & { readonly bases: readonly Base[] };

const MAX_CARD_BYTES = 8 * 2 ** 20;

function totalBytes(files: readonly SourceFile[]): number {
  return [...new Map(files.map((file) => [contentName(file), file.size])).values()].reduce(
    (sum, size) => sum + size,
    0,
  );
}
