// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';
import type { Catalog, Found } from '#src/catalog/catalog.ts';
import { isAirlockError } from '#src/domain/errors.ts';
import type { AdapterEvidence, Ancestor, Base, LineageEvidence } from '#src/domain/lineage.ts';
import type { SourceFile, SourceManifest } from '#src/domain/manifest.ts';
import { type Repo, repoKey } from '#src/domain/repo.ts';
import { DEFAULT_REF, parseRevision, type Revision } from '#src/domain/revision.ts';
import { baseOfAdapter } from '#src/policy/bases.ts';
import { CARD_PATH } from '#src/policy/files.ts';
import type { BaseCards } from './base-cards.ts';
import { fetchAll, UNCOUNTED } from './fetch-all.ts';
import type { Job, RunDeps } from './job.ts';
import type { QuarantinedFolder } from './quarantine.ts';

/** Models up the line that are looked at, and how far up: a card may name anything, itself among others. */
const MAX_ANCESTORS = 12;
const MAX_DEPTH = 4;
const MAX_ADAPTERS = 16;
const CONFIG_BYTES = 2 ** 20;

type Served = Pick<Catalog, 'find' | 'statement'>;

/**
 * Where the model comes from. Undefined where nothing says so. What is approved here answers from its own statement;
 * for the others upstream is asked for their cards, and that it can not say is evidence, not a failure.
 */
export async function readLineage(
  deps: RunDeps,
  job: Job,
  manifest: SourceManifest,
  folder: QuarantinedFolder,
  own: readonly Base[],
  signal: AbortSignal,
): Promise<LineageEvidence | undefined> {
  if (job.source.repo.kind !== 'models') return undefined;
  const adapters = await readAdapters(deps, job, manifest, folder, own, signal);
  const isOther = ({ repo }: Pick<Base, 'repo'>) => !isSame(repo, job.source.repo);
  const bases = withAdapters(own, adapters).filter(isOther);
  if (bases.length === 0 && adapters.length === 0) return undefined;
  const ancestors = await ancestorsOf(deps, job.source.repo, bases, signal);
  return { bases, adapters, ancestors };
}

async function readAdapters(
  deps: RunDeps,
  job: Job,
  manifest: SourceManifest,
  folder: QuarantinedFolder,
  bases: readonly Base[],
  signal: AbortSignal,
): Promise<AdapterEvidence[]> {
  const all = manifest.files.filter(({ path }) => /(?:^|\/)adapter_config\.json$/.test(path));
  const files = all.filter(({ size }) => size <= CONFIG_BYTES).slice(0, MAX_ADAPTERS);
  await fetchAll(deps, job.source, files, folder, UNCOUNTED, signal);
  const adapters: AdapterEvidence[] = [];
  for (const file of files) adapters.push(adapterOf(file, await textOf(folder, file), bases));
  // Too large or too many to read here, and read by a loader all the same: an adapter of nobody knows what.
  adapters.push(
    ...all
      .filter((file) => !files.includes(file))
      .slice(0, MAX_ADAPTERS)
      .map(({ path }) => ({ path })),
  );
  const card = manifest.files.find(({ path }) => path === CARD_PATH);
  // The card alone says that these weights need others, which may be in no file of that name.
  if (adapters.length === 0 && card)
    for (const { repo, relation } of bases)
      if (relation === 'adapter') adapters.push({ path: card.path, base: { repo } });
  return Promise.all(adapters.map((adapter) => withApproval(deps.catalog, adapter)));
}

/** A path on the disk of whoever trained it is no base; the card may say which repo that was. */
function adapterOf({ path }: SourceFile, json: string, bases: readonly Base[]): AdapterEvidence {
  const named = baseOfAdapter(json);
  const [only, another] = bases;
  const base = named ?? (only && !another ? { repo: only.repo } : undefined);
  return { path, ...(base && { base }) };
}

async function textOf(folder: QuarantinedFolder, file: SourceFile): Promise<string> {
  const handle = await open(folder.file(file), 'r');
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

async function withApproval(catalog: Served, adapter: AdapterEvidence): Promise<AdapterEvidence> {
  const approved = adapter.base && (await approvedBase(catalog, adapter.base));
  return approved ? { ...adapter, approved } : adapter;
}

/** The commit that whoever loads the adapter would get as its base. */
async function approvedBase(
  catalog: Served,
  { repo, revision }: Omit<Base, 'relation'>,
): Promise<AdapterEvidence['approved']> {
  const found = await findBase(catalog, repo, revision);
  return found?.type === 'release' ? found.release.commit : undefined;
}

async function findBase(catalog: Pick<Served, 'find'>, repo: Repo, text?: string): Promise<Found | undefined> {
  const revision = revisionOf(text);
  return revision && catalog.find(repo, revision);
}

function revisionOf(text: string | undefined): Revision | undefined {
  if (text === undefined) return { type: 'ref', ref: DEFAULT_REF };
  try {
    return parseRevision(text);
  } catch (error) {
    if (isAirlockError(error, 'bad-revision')) return undefined;
    throw error;
  }
}

/** Whether an adapter that waited for this base, `org/name` or `org/name@revision`, waits no more. */
export async function isBaseApproved(catalog: Pick<Served, 'find'>, name: string): Promise<boolean> {
  const [id = '', revision] = name.split('@');
  return (
    (await findBase(catalog, { kind: 'models', id }, revision && decodeURIComponent(revision)))?.type === 'release'
  );
}

function withAdapters(bases: readonly Base[], adapters: readonly AdapterEvidence[]): Base[] {
  const all = new Map(bases.map((base) => [base.repo.id.toLowerCase(), base]));
  for (const { base } of adapters) if (base) all.set(base.repo.id.toLowerCase(), { ...base, relation: 'adapter' });
  return [...all.values()];
}

async function ancestorsOf(
  deps: { readonly catalog: Served; readonly baseCards: BaseCards },
  child: Repo,
  bases: readonly Base[],
  signal: AbortSignal,
): Promise<Ancestor[]> {
  const seen = new Set([repoKey(child).toLowerCase()]);
  const ancestors: Ancestor[] = [];
  let level = bases.map((base) => ({ base, baseOf: child.id }));
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const next: typeof level = [];
    for (const { base, baseOf } of level) {
      const key = repoKey(base.repo).toLowerCase();
      if (seen.has(key)) continue;
      if (ancestors.length >= MAX_ANCESTORS)
        return [...ancestors, unseen(base.repo, baseOf, `more than ${MAX_ANCESTORS} models are behind this one`)];
      seen.add(key);
      const { bases: further, ...ancestor } = await lookUp(deps, base, signal);
      ancestors.push({ repo: base.repo, baseOf, ...ancestor });
      next.push(...further.map((one) => ({ base: one, baseOf: base.repo.id })));
    }
    level = next;
  }
  const left = level.find(({ base }) => !seen.has(repoKey(base.repo).toLowerCase()));
  return left ? [...ancestors, unseen(left.base.repo, left.baseOf, 'it is too far up the line')] : ancestors;
}

/** One that stands for all that were not looked at. */
function unseen(repo: Repo, baseOf: string, why: string): Ancestor {
  return { repo, baseOf, known: 'unknown', why };
}

type LookedUp = Pick<Ancestor, 'known' | 'license' | 'why'> & { readonly bases: readonly Base[] };

async function lookUp(
  { catalog, baseCards }: { readonly catalog: Served; readonly baseCards: BaseCards },
  { repo, revision }: Base,
  signal: AbortSignal,
): Promise<LookedUp> {
  const found = await findBase(catalog, repo, revision);
  const statement = found?.type === 'release' ? await catalog.statement(repo, found.release.commit) : undefined;
  if (statement) return { known: 'here', license: statement.license, bases: statement.lineage ?? [] };
  const card = await baseCards.of(repo, signal);
  if ('why' in card) return { known: 'unknown', why: card.why, bases: [] };
  return { known: 'upstream', ...card };
}

function isSame(a: Repo, b: Repo): boolean {
  return repoKey(a).toLowerCase() === repoKey(b).toLowerCase();
}
