// SPDX-License-Identifier: Apache-2.0
import type { Notice } from '#src/attest/notice.ts';
import type { Sha256 } from '#src/domain/digest.ts';
import { AirlockError } from '#src/domain/errors.ts';
import { repoKey, repoName } from '#src/domain/repo.ts';
import { shortSha } from '#src/domain/revision.ts';
import { type Revocation, Revocations, scopeText } from '#src/domain/revocations.ts';
import type { Affected, AffectedTarget, MeantRelease } from '#src/review/affected.ts';

type Entry = Notice['revocations'][number];
type NoticedFile = Notice['files'][number];

export interface NoticeParts {
  readonly target: AffectedTarget;
  readonly affected: Affected;
  /** The revocations that stand. */
  readonly standing: readonly Revocation[];
  /** Whether the same bytes are served in a release that is not revoked. */
  readonly served: ReadonlySet<Sha256>;
  readonly at: string;
}

/**
 * What was revoked, for who has copies. Only that: a notice about something that is served would have people delete what
 * they may use.
 * @throws AirlockError conflict: it is not revoked
 */
export function noticeOf({ target, affected, standing, served, at }: NoticeParts): Notice {
  const entries = new Entries(standing);
  for (const one of standing) if (isMeant(target, one)) entries.ruling(one.number);
  const revoked = affected.releases.filter((release) => release.revoked !== undefined);
  const releases = revoked.map((release) => ({
    repo: release.repo,
    commit: release.commit,
    revocation: entries.of(release),
  }));
  if (entries.list.length === 0) throw notRevoked(target);
  const files = new Map<Sha256, NoticedFile>();
  revoked.forEach(({ files: own }, i) => {
    for (const { path, sha256, gitOid, size, lfs } of own) {
      const known = files.get(sha256);
      const places = [...(known?.places ?? []), { release: i, path }];
      const revocation = known?.revocation ?? releases[i]?.revocation ?? 0;
      files.set(sha256, {
        sha256,
        ...(lfs ? {} : { gitOid }),
        size,
        revocation,
        served: served.has(sha256) && !entries.isDigest(revocation, sha256),
        places,
      });
    }
  });
  return { at, about: targetText(target), revocations: entries.list, releases, files: [...files.values()] };
}

/** Revocations as the notice lists them, each once. */
class Entries {
  readonly list: Entry[] = [];
  readonly #places = new Map<string, number>();
  readonly #standing: ReadonlyMap<number, Revocation>;

  constructor(standing: readonly Revocation[]) {
    this.#standing = new Map(standing.map((one) => [one.number, one]));
  }

  ruling(number: number): number | undefined {
    const found = this.#standing.get(number);
    if (!found) return undefined;
    const { by, at, reason, event } = found;
    return this.#place(`ruling ${number}`, { scope: event.scope, ruling: number, by, at, reason });
  }

  of({ repo, commit, revoked }: MeantRelease): number {
    if (!revoked) throw new AirlockError('internal', 'A release that is not revoked has no place in a notice.');
    const { by, at, reason, ruling } = revoked;
    const byRuling = ruling === undefined ? undefined : this.ruling(ruling);
    return (
      byRuling ?? this.#place(`${repoKey(repo)}@${commit}`, { scope: { type: 'commit', repo, commit }, by, at, reason })
    );
  }

  isDigest(place: number, sha256: Sha256): boolean {
    const scope = this.list[place]?.scope;
    return scope?.type === 'digest' && scope.digest === sha256;
  }

  #place(key: string, entry: Entry): number {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.list.push(entry);
    this.#places.set(key, this.list.length - 1);
    return this.list.length - 1;
  }
}

function isMeant(target: AffectedTarget, { event, number }: Revocation): boolean {
  if (target.type === 'all') return true;
  if (target.type === 'commit') return false;
  return new Revocations([{ number, at: '', by: '', reason: '', event }]).of(target) !== undefined;
}

export function targetText(target: AffectedTarget): string {
  if (target.type === 'all') return 'everything that is revoked';
  return target.type === 'commit' ? `${repoName(target.repo)}@${shortSha(target.commit)}` : scopeText(target);
}

function notRevoked(target: AffectedTarget): AirlockError {
  return new AirlockError('conflict', `${targetText(target)} is not revoked, and a notice says what is.`);
}
