// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { openReleaseStatement } from '#src/attest/release-statement.ts';
import { loadPublicKey } from '#src/attest/signer.ts';

import { configInvalid } from '#src/config/problems.ts';
import type { UpstreamSettings } from '#src/config/upstreams.ts';
import type { Config } from '#src/config.ts';
import { systemClock } from '#src/domain/clock.ts';
import { matchSource } from '#src/policy/sources.ts';
import { createAirlockUpstream } from '#src/upstream/airlock-upstream.ts';
import { boundedUpstream } from '#src/upstream/bounded.ts';
import { createFolderUpstream } from '#src/upstream/folder/folder-upstream.ts';
import { createHubApi } from '#src/upstream/hub-api.ts';
import { createHubClient } from '#src/upstream/hub-client.ts';
import { createOutage, type Outage } from '#src/upstream/outage.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import { createUpstreams } from '#src/upstream/upstreams.ts';

/** What models come from, in order of priority. A sources entry may bind its repos to some of them. */
export async function openUpstreams({
  upstreams,
  sources,
}: {
  readonly upstreams: readonly UpstreamSettings[];
  readonly sources: Config['sources'];
}): Promise<Upstream> {
  const opened = upstreams.map(async (settings) => ({ ...settings, upstream: await openUpstream(settings) }));
  return createUpstreams(await Promise.all(opened), (repo) => matchSource(sources, repo)?.upstreams);
}

/** One of them, and what keeps questions to it in bounds: one that is away holds up nobody who asks another. */
async function openUpstream(settings: UpstreamSettings): Promise<Upstream> {
  const outage = createOutage(systemClock);
  return boundedUpstream(await unbounded(settings, outage), { clock: systemClock, outage });
}

async function unbounded(settings: UpstreamSettings, outage: Outage): Promise<Upstream> {
  const { name, url, folder, key, token, requestTimeoutSeconds, stallSeconds, tries } = settings;
  if (folder !== undefined) return createFolderUpstream({ name, root: folder });
  if (url === undefined) throw configInvalid(`The upstream "${name}" is nowhere`, ['expected a url or a folder']);
  const patience = { requestTimeoutSeconds, stallSeconds, tries, onFailedTry: outage.suspect };
  const options = { url, ...patience, ...(token && { token: token.reveal() }) };
  const api = createHubApi(options);
  const hub = createHubClient(options, api);
  if (key === undefined) return hub;
  const theirs = loadPublicKey('approval', await readFile(key, 'utf8'));
  const open = (bundle: Buffer) => openReleaseStatement(bundle, [theirs]);
  return createAirlockUpstream({ hub, api, open, key: theirs.hint });
}
