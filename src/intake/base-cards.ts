// SPDX-License-Identifier: Apache-2.0
import { LRUCache } from 'lru-cache';
import { gitOidOf, sha256Of } from '#src/domain/digest.ts';
import { isAirlockError, messageOf } from '#src/domain/errors.ts';
import type { LicenseEvidence } from '#src/domain/evidence.ts';
import { frontMatter } from '#src/domain/front-matter.ts';
import type { Base } from '#src/domain/lineage.ts';
import type { Source, SourceFile } from '#src/domain/manifest.ts';
import { type Repo, repoKey } from '#src/domain/repo.ts';
import { DEFAULT_REF } from '#src/domain/revision.ts';
import { basesOfCard } from '#src/policy/bases.ts';
import { readLicense } from '#src/policy/card.ts';
import { CARD_PATH } from '#src/policy/files.ts';
import type { Upstream } from '#src/upstream/upstream.ts';

/** What the card of a model says today that nobody asked for, or why it can not be read. */
export type BaseCard =
  | { readonly license: LicenseEvidence; readonly bases: readonly Base[] }
  | { readonly why: string };

export interface BaseCards {
  /** @throws what `signal` was aborted with, and nothing else: that upstream fails is an answer */
  of(repo: Repo, signal: AbortSignal): Promise<BaseCard>;
}

const KEPT = 1000;
const KEPT_MS = 60 * 60 * 1000;
/** An upstream that was away is asked again soon. */
const FAILED_MS = 5 * 60 * 1000;
const CARD_BYTES = 2 ** 20;
/** A card is among the first files of a listing, which is in the order of bytes: capital letters come first. */
const LISTED = 3000;
/** All questions about one card; upstream's own patience is for what somebody waits for. */
const PATIENCE_MS = 10_000;

/** Cards of models that are not here, kept for an hour: a thousand finetunes of one base ask for it once. */
export function createBaseCards(upstream: Upstream): BaseCards {
  const cards = new LRUCache<string, BaseCard>({ max: KEPT, ttl: KEPT_MS });
  return {
    async of(repo, signal) {
      const key = repoKey(repo).toLowerCase();
      const known = cards.get(key);
      if (known) return known;
      const card = await ask(upstream, repo, signal);
      cards.set(key, card, 'why' in card ? { ttl: FAILED_MS } : {});
      return card;
    },
  };
}

async function ask(upstream: Upstream, repo: Repo, signal: AbortSignal): Promise<BaseCard> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    const text = await cardOf(upstream, repo, AbortSignal.any([signal, patience]));
    const matter = frontMatter(text ?? '');
    return { license: readLicense(text, matter), bases: basesOfCard(matter) };
  } catch (error) {
    signal.throwIfAborted();
    if (patience.aborted) return { why: `upstream did not answer within ${PATIENCE_MS / 1000} s` };
    return { why: isAirlockError(error) ? error.message : messageOf(error) };
  }
}

async function cardOf(upstream: Upstream, repo: Repo, signal: AbortSignal): Promise<string | undefined> {
  const source = await upstream.resolve(repo, { type: 'ref', ref: DEFAULT_REF }, signal);
  const file = await find(upstream, source, signal);
  return file && readWhole(upstream, source, file, signal);
}

async function find(upstream: Upstream, source: Source, signal: AbortSignal): Promise<SourceFile | undefined> {
  let listed = 0;
  for await (const file of upstream.list(source, signal)) {
    if (file.path === CARD_PATH) return file;
    if (++listed > LISTED) throw new Error(`there is no card among the first ${LISTED} files`);
  }
  return undefined;
}

/** Checked as every other byte of upstream, though nobody is served it. */
async function readWhole(upstream: Upstream, source: Source, file: SourceFile, signal: AbortSignal): Promise<string> {
  if (file.size > CARD_BYTES) throw new Error(`its card has ${file.size} bytes`);
  const { body } = await upstream.open(source, file, 0, signal);
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > file.size) throw new Error('its card is longer than upstream says');
    parts.push(part);
  }
  const whole = Buffer.concat(parts);
  const isPromised = file.lfs ? sha256Of(whole) === file.lfs.sha256 : gitOidOf(whole) === file.gitOid;
  const isSigned = file.sha256 === undefined || sha256Of(whole) === file.sha256;
  if (!isPromised || !isSigned) throw new Error('its card is not the one that upstream promises');
  return whole.toString('utf8');
}
