// SPDX-License-Identifier: Apache-2.0

import { configInvalid } from '#src/config/problems.ts';
import type { UpstreamSettings } from '#src/config/upstreams.ts';
import type { Config } from '#src/config.ts';
import { systemClock } from '#src/domain/clock.ts';
import { matchSource } from '#src/policy/sources.ts';
import { boundedUpstream } from '#src/upstream/bounded.ts';
import { createFolderUpstream } from '#src/upstream/folder/folder-upstream.ts';
import { createHubClient } from '#src/upstream/hub-client.ts';
import { createOutage, type Outage } from '#src/upstream/outage.ts';
import type { Upstream } from '#src/upstream/upstream.ts';
import { createUpstreams } from '#src/upstream/upstreams.ts';

/** What models come from, in order of priority. A sources entry may bind its repos to some of them. */
export function openUpstreams({
  upstreams,
  sources,
}: {
  readonly upstreams: readonly UpstreamSettings[];
  readonly sources: Config['sources'];
}): Upstream {
  const entries = upstreams.map((settings) => ({ ...settings, upstream: openUpstream(settings) }));
  return createUpstreams(entries, (repo) => matchSource(sources, repo)?.upstreams);
}

/** One of them, and what keeps questions to it in bounds: one that is away holds up nobody who asks another. */
function openUpstream(settings: UpstreamSettings): Upstream {
  const outage = createOutage(systemClock);
  return boundedUpstream(unbounded(settings, outage), { clock: systemClock, outage });
}

function unbounded({ name, url, folder, token, ...settings }: UpstreamSettings, outage: Outage): Upstream {
  if (folder !== undefined) return createFolderUpstream({ name, root: folder });
  if (url === undefined) throw configInvalid(`The upstream "${name}" is nowhere`, ['expected a url or a folder']);
  const { requestTimeoutSeconds, stallSeconds, tries } = settings;
  const options = { url, requestTimeoutSeconds, stallSeconds, tries, onFailedTry: outage.suspect };
  return createHubClient(token ? { ...options, token: token.reveal() } : options);
}
