// SPDX-License-Identifier: Apache-2.0
import type { FileDigests } from './clients.ts';

/** What a hub lists: by path, the size and the digest that it promises (sha256 of an LFS file, else the git blob id). */
export type Listing = Readonly<Record<string, { readonly size: number; readonly digest: string }>>;

interface TreeEntry {
  readonly type: string;
  readonly path: string;
  readonly size: number;
  readonly oid: string;
  readonly lfs?: { readonly oid: string };
}

/** The whole tree of a repo, asked directly of a hub, page by page. */
export async function listingOf(hubUrl: string, repo: string, revision = 'main', kind = 'models'): Promise<Listing> {
  const listing: Record<string, { size: number; digest: string }> = {};
  let next: string | undefined = `${hubUrl}/api/${kind}/${repo}/tree/${revision}?recursive=true`;
  while (next) {
    const page: Response = await fetch(next);
    if (!page.ok) throw new Error(`${next}: ${page.status} ${await page.text()}`);
    for (const entry of (await page.json()) as TreeEntry[])
      if (entry.type === 'file') listing[entry.path] = { size: entry.size, digest: entry.lfs?.oid ?? entry.oid };
    next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
  }
  if (Object.keys(listing).length === 0) throw new Error(`${repo} is empty: nothing could be compared`);
  return listing;
}

/** Files that arrived, in the terms of a listing: equal to it when every byte is right. */
export function asListing(files: Readonly<Record<string, FileDigests>>, promised: Listing): Listing {
  const rows = Object.entries(files).map(([path, file]) => {
    const sha256 = promised[path]?.digest.length === 64;
    return [path, { size: file.size, digest: sha256 ? file.sha256 : file.gitOid }];
  });
  return Object.fromEntries(rows);
}
