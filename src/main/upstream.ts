// SPDX-License-Identifier: Apache-2.0
import type { Config } from '#src/config.ts';
import { systemClock } from '#src/domain/clock.ts';
import { boundedUpstream } from '#src/upstream/bounded.ts';
import { createHubClient } from '#src/upstream/hub-client.ts';
import { createOutage } from '#src/upstream/outage.ts';
import type { Upstream } from '#src/upstream/upstream.ts';

/** The hub that models come from, and what keeps questions to it in bounds. */
export function openUpstream({ upstream: { token, ...rest } }: Config): Upstream {
  const outage = createOutage(systemClock);
  const options = { ...rest, onFailedTry: outage.suspect };
  const hub = createHubClient(token ? { ...options, token: token.reveal() } : options);
  return boundedUpstream(hub, { clock: systemClock, outage });
}
