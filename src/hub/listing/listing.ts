// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises';
import { chosenRelease } from '#src/catalog/chosen-release.ts';
import type { Journal } from '#src/catalog/journal.ts';
import { isAirlockError } from '#src/domain/errors.ts';
import type { Release } from '#src/domain/release.ts';
import { REPO_KINDS, type RepoKind } from '#src/domain/repo.ts';
import type { InfoShape } from '../info.ts';
import type { Prebuilt } from '../prebuilt.ts';
import { type Order, type Place, placeOf } from './order.ts';
import { Register, type RegisterDeps } from './register.ts';
import { matches, type Search } from './search.ts';
import { type Summary, summaryOf } from './summary.ts';

export interface ListQuery {
  readonly search: Search;
  readonly order: Order;
  readonly limit: number;
  /** Where the page before ended. */
  readonly after?: Place | undefined;
  readonly shape: InfoShape;
  /** Whether whoever asks may know of it. */
  readonly shows: (release: Release) => boolean;
}

interface ListPage {
  /** Each the JSON of one repo. */
  readonly items: readonly Buffer[];
  /** Where it ended, when more follow. */
  readonly next?: Place;
  /** Repos that the list does not know yet. */
  readonly pending: number;
}

/**
 * Lists of what is approved here, never of what upstream has. The index and the memory of earlier looks say where to
 * look; each item of a page is asked of the catalog, so that what was revoked is gone with the next request, and an
 * edited index can hide a repo and never show one.
 */
export interface Listing {
  /** @throws AirlockError store-unavailable */
  page(kind: RepoKind, query: ListQuery): Promise<ListPage>;
}

export interface ListingDeps extends RegisterDeps {
  readonly journal: Pick<Journal, 'subscribe'>;
  readonly prebuilt: Pick<Prebuilt, 'describe' | 'info'>;
}

/** A page may be shorter than asked for: clients follow `Link`, and a card can be large. */
const MAX_PAGE_BYTES = 8 * 2 ** 20;
const AT_ONCE = 8;
const LOOKED_AT_ONCE = 2000;

export function createListing(deps: ListingDeps): Listing {
  const { catalog, prebuilt, journal } = deps;
  const registers = new Map(REPO_KINDS.map((kind) => [kind, new Register(kind, deps)]));
  journal.subscribe((repo, seq) => registers.get(repo.kind)?.note(repo, seq));

  /** Undefined for what is not served, or is no longer what was looked for. */
  async function item(
    register: Register,
    summary: Summary,
    { search, shape, shows }: ListQuery,
  ): Promise<Buffer | undefined> {
    const repo = register.repoOf(summary);
    try {
      const release = await chosenRelease(catalog, repo);
      const same = release?.digest === summary.digest;
      if (!same) register.doubt(repo);
      if (!release || !shows(release)) return undefined;
      const built = await prebuilt.info(release, shape);
      if (same && register.isOwn(summary)) return built;
      const now = summaryOf(await prebuilt.describe(release), release);
      if (same) register.replace(summary, now);
      return matches(search, now) ? built : undefined;
    } catch (error) {
      if (isAirlockError(error, 'store-unavailable')) throw error;
      // A repo whose records are damaged hides no other one. Who reads it again logs what is wrong.
      register.doubt(repo);
      return undefined;
    }
  }

  return {
    async page(kind, query) {
      const register = registers.get(kind);
      if (!register) return { items: [], pending: 0 };
      await register.refresh();
      const { pending } = register;
      const candidates = matching(register.shelf.from(query.order, query.after), query.search);
      const items: Buffer[] = [];
      let bytes = 0;
      let last: Summary | undefined;
      while (items.length < query.limit && bytes < MAX_PAGE_BYTES) {
        const batch = await take(candidates, Math.min(AT_ONCE, query.limit - items.length));
        for (const built of await Promise.all(batch.map((summary) => item(register, summary, query))))
          if (built) {
            items.push(built);
            bytes += built.length;
          }
        last = batch.at(-1);
        if (!last) break;
      }
      const ended = !last || (await candidates.next()).done === true;
      return { items, pending, ...(ended || !last ? {} : { next: placeOf(last, query.order) }) };
    },
  };
}

/** Other requests get their turn meanwhile: a search may look at all repos, and find none. */
async function* matching(summaries: Iterable<Summary>, search: Search): AsyncGenerator<Summary> {
  let looked = 0;
  for (const summary of summaries) {
    if (++looked % LOOKED_AT_ONCE === 0) await turn();
    if (matches(search, summary)) yield summary;
  }
}

/** Not the iterator's own `take`, which ends it. */
async function take<T>(from: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const { done, value } = await from.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}
