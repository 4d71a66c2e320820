// SPDX-License-Identifier: Apache-2.0

import type { UpstreamSettings } from '#src/config/upstreams.ts';
import type { Config } from '#src/config.ts';
import { systemClock } from '#src/domain/clock.ts';
import { matchSource } from '#src/policy/sources.ts';
import { boundedUpstream } from '#src/upstream/bounded.ts';
import { createHubClient } from '#src/upstream/hub-client.ts';
import { createOutage } from '#src/upstream/outage.ts';
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
function openUpstream({ url, token, requestTimeoutSeconds, stallSeconds, tries }: UpstreamSettings): Upstream {
  const outage = createOutage(systemClock);
  const options = { url, requestTimeoutSeconds, stallSeconds, tries, onFailedTry: outage.suspect };
  const hub = createHubClient(token ? { ...options, token: token.reveal() } : options);
  return boundedUpstream(hub, { clock: systemClock, outage });
}
