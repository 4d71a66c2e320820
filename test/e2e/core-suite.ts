// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { type ClientOptions, call, HUB_VERSIONS, hf, probe, type Snapshot } from '#test/support/clients.ts';
import { ask, download } from '#test/support/http.ts';
import { asListing, listingOf } from '#test/support/listing.ts';
import type { Mirror } from '#test/support/mirror.ts';
import { until } from '#test/support/until.ts';

/** A hub with switches, whoever wrote it. */
export interface CoreHub {
  readonly url: string;
  /** Requests since the hub started, control requests left out. */
  requests(): Promise<number>;
  /** Bytes of weights sent for a repo since the hub started. */
  sent(repo: string): Promise<number>;
  /** Break every connection that sends weights at this byte of the file, or flip a byte in it, until `heal`. */
  cutAt(byte: number): Promise<void>;
  wrongByte(): Promise<void>;
  goAway(): Promise<void>;
  heal(): Promise<void>;
}

export interface CoreTargets {
  readonly hub: () => CoreHub;
  readonly mirror: () => Mirror;
  readonly person: (extra?: Partial<ClientOptions>) => Promise<ClientOptions>;
  /** Repos that nobody asked for before, by the version of the client that will. Small, with a file below a folder. */
  readonly tiny: (name: string) => { repo: string; fileInFolder: string };
  /** A repo with weights of at least some MiB in `model.safetensors`. */
  readonly big: (name: string) => string;
  readonly unknownRepo: string;
}

/** What must hold in front of any hub that behaves as the live one. */
export function coreSuite(targets: CoreTargets): void {
  const { hub, mirror, person } = targets;

  describe.each(HUB_VERSIONS)('huggingface_hub %s', (version) => {
    const { repo, fileInFolder } = targets.tiny(version);

    it('downloads a model that nobody asked for before, byte by byte what upstream has', async () => {
      const got = await call<Snapshot>(version, 'snapshot', { repo_id: repo }, await person());
      const promised = await listingOf(hub().url, repo);
      expect(asListing(got.files, promised)).toEqual(promised);
    });

    it('serves the second request without upstream, by branch and by commit', async () => {
      const { commit } = await call<Snapshot>(version, 'snapshot', { repo_id: repo }, await person());
      const before = await hub().requests();
      for (const revision of ['main', commit]) {
        const got = await call<Snapshot>(version, 'snapshot', { repo_id: repo, revision }, await person());
        expect(got.commit).toBe(commit);
      }
      expect(await hub().requests()).toBe(before);
    });

    it('downloads with the hf command', async () => {
      // With telemetry on, as people have it: the mirror answers those calls, too.
      const somebody = await person({ env: { HF_HUB_DISABLE_TELEMETRY: '0' } });
      const result = await hf(version, ['download', repo], somebody);
      expect(result.status, result.output).toBe(0);
    });

    it('downloads one file of a folder', async () => {
      const args = { repo_id: repo, filename: fileInFolder };
      const file = await call<{ path: string; gitOid: string }>(version, 'file', args, await person());
      expect(file.path.endsWith(fileInFolder)).toBe(true);
      expect(file.gitOid).toBe((await listingOf(hub().url, repo))[fileInFolder]?.digest);
    });

    it('answers model_info, list_repo_tree, get_paths_info and list_repo_refs alike', async () => {
      const promised = await listingOf(hub().url, repo);
      const somebody = await person();
      const { sha, siblings, id } = await call<{ id: string; sha: string; siblings: string[] }>(
        version,
        'info',
        { repo_id: repo },
        somebody,
      );
      expect(id).toBe(repo);
      expect([...siblings].sort()).toEqual(Object.keys(promised).sort());
      const rows = Object.entries(promised).map(([path, row]) => [path, { ...row, xet: null }]);
      expect(await call(version, 'tree', { repo_id: repo }, somebody)).toEqual(Object.fromEntries(rows));
      const [path = '', row] = rows[0] ?? [];
      const asked = { repo_id: repo, paths: [path, 'no/such/file'] };
      expect(await call(version, 'paths_info', asked, somebody)).toEqual({ [path as string]: row });
      const refs = await call<{ branches: Record<string, string> }>(version, 'refs', { repo_id: repo }, somebody);
      expect(refs.branches.main).toBe(sha);
    });

    it('lists, opens and reads a range through HfFileSystem', async () => {
      const args = { path: `${repo}/${fileInFolder}`, start: 3, end: 11 };
      const got = await call<{ ls: string[]; range: string; expected: string }>(version, 'fs', args, await person());
      expect(got.ls).toContain(`${repo}/${fileInFolder}`);
      expect(got.range).toBe(got.expected);
      expect(got.range).toHaveLength(16);
    });

    it('is told what is unknown: the repo, the revision, the file', async () => {
      const somebody = await person();
      const raised = async (args: object) => {
        const answer = await probe(version, 'file', { repo_id: repo, filename: fileInFolder, ...args }, somebody);
        return 'error' in answer ? answer.error : 'nothing';
      };
      expect(await raised({ repo_id: targets.unknownRepo })).toBe('RepositoryNotFoundError');
      expect(await raised({ revision: 'no-such-branch' })).toBe('RevisionNotFoundError');
      expect(await raised({ filename: 'no-such-file.json' })).toMatch(/^(Remote)?EntryNotFoundError$/);
      const found = await call(version, 'exists', { repo_id: repo, filename: 'no-such-file.json' }, somebody);
      expect(found).toEqual({ repo: true, file: false });
    });
  });

  it('fetches the weights once when twenty clients ask at once for a cold model', async () => {
    const repo = targets.big('herd');
    const promised = await listingOf(hub().url, repo);
    const weights = promised['model.safetensors'];
    const path = `/${repo}/resolve/main/model.safetensors`;
    const clients = Array.from({ length: 20 }, async () => {
      const got = await until('the weights are served', () => downloaded(mirror().url, path), 90);
      return [got.size, got.sha256, got.headers.etag];
    });
    for (const got of await Promise.all(clients))
      expect(got).toEqual([weights?.size, weights?.digest, `"${weights?.digest}"`]);
    expect(await hub().sent(repo)).toBe(weights?.size);
  });

  it('goes on where a broken connection stopped', async () => {
    const repo = targets.big('cut');
    const size = (await listingOf(hub().url, repo))['model.safetensors']?.size ?? 0;
    await hub().cutAt(Math.floor(size / 2));
    const download = hf('2.4', ['download', repo], await person());
    await until('half of the weights were sent', async () => (await hub().sent(repo)) >= Math.floor(size / 2), 60);
    await hub().heal();
    const result = await download;
    expect(result.status, result.output).toBe(0);
    // A little is lost with the connection: what was on the way.
    expect(await hub().sent(repo)).toBeLessThan(size * 1.25);
  });

  it('never serves and never keeps bytes that are not what upstream promised', async () => {
    const repo = targets.big('wrong');
    await hub().wrongByte();
    const result = await hf('2.4', ['download', repo], await person());
    await hub().heal();
    expect(result.status).not.toBe(0);
    expect(result.output).toMatch(/sha256|digest/);
  });

  it('answers from what it has while upstream is gone, and never says "not found" for what it has not', async () => {
    const { repo } = targets.tiny('gone');
    const { commit } = await call<Snapshot>('2.4', 'snapshot', { repo_id: repo }, await person());
    await hub().goAway();
    try {
      for (const revision of ['main', commit])
        await call<Snapshot>('2.4', 'snapshot', { repo_id: repo, revision }, await person());
      const cold = targets.tiny('never-asked').repo;
      const paths = [`/api/models/${cold}`, `/api/models/${cold}/tree/main`, `/${cold}/resolve/main/config.json`];
      const answers = await Promise.all(paths.map((path) => ask(mirror().url, path)));
      for (const [i, answer] of answers.entries()) expect(answer.status, paths[i]).toBeOneOf([502, 503, 504]);
    } finally {
      await hub().heal();
    }
  });
}

/** What came once the answer was a 200; a 503 means wait, anything else fails at once. */
async function downloaded(url: string, path: string) {
  const got = await download(url, path);
  if (got.status === 503) return undefined;
  if (got.status !== 200) throw new Error(`${path}: ${got.status} ${got.headers['x-error-message']}`);
  return got;
}
