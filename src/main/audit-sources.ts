// SPDX-License-Identifier: Apache-2.0
import { openJournalEntry } from '#src/attest/journal-entry.ts';
import { openRuling, type RulingEntry } from '#src/attest/ruling-entry.ts';
import type { PublicKey } from '#src/attest/signer.ts';
import { auditSource, type ChainSource, type Entry } from '#src/audit/source.ts';
import { JOURNALS, journalPrefix, RULINGS, repoOfJournalKey } from '#src/catalog/keys.ts';
import { repoKey } from '#src/domain/repo.ts';

/** Every chain of signed records: the audit's own, and where decisions are. */
export function auditSources(keys: readonly PublicKey[]): ChainSource[] {
  return [auditSource(keys), journalSource(keys), rulingsSource(keys)];
}

const NO_PLACE = { kind: null, repo: null, commit: null, path: null, sha256: null } as const;
const NO_REQUEST = { actor: null, address: null } as const;

function journalSource(keys: readonly PublicKey[]): ChainSource {
  return {
    prefix: JOURNALS,
    remembers: false,
    headKey: (chain) => {
      const repo = repoOfJournalKey(`${chain}/`);
      return repo ? repoKey(repo) : chain;
    },
    open: (bytes) => {
      const { repo, seq, previous, at, by, reason, event } = openJournalEntry(bytes, keys);
      const { type, commit, ...rest } = event;
      const place = { ...NO_PLACE, kind: repo.kind, repo: repo.id, commit };
      const body = JSON.stringify({ reason, ...rest });
      const entries = [{ ...NO_REQUEST, type, at, owner: by, ...place, body }];
      return { chain: journalPrefix(repo).slice(0, -1), seq, previous, entries };
    },
  };
}

function rulingsSource(keys: readonly PublicKey[]): ChainSource {
  const chain = RULINGS.slice(0, -1);
  return {
    prefix: RULINGS,
    remembers: false,
    headKey: () => chain,
    open: (bytes) => {
      const entry = openRuling(bytes, keys);
      return { chain, seq: entry.seq, previous: entry.previous, entries: [rulingEntry(entry)] };
    },
  };
}

function rulingEntry({ at, by, reason, event, seq }: RulingEntry): Entry {
  const scope = 'scope' in event ? event.scope : undefined;
  const repo = scope?.type === 'repo' ? scope.repo : undefined;
  const sha256 = scope?.type === 'digest' ? scope.digest : null;
  const place = { ...NO_PLACE, kind: repo?.kind ?? null, repo: repo?.id ?? null, sha256 };
  const { type, ...rest } = event;
  const body = JSON.stringify({ number: seq, reason, ...rest });
  return { ...NO_REQUEST, type, at, owner: by, ...place, body };
}
