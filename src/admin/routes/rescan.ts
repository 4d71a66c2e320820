// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { AirlockError, isAirlockError } from '#src/domain/errors.ts';
import type { AskAgain, Rescan } from '#src/intake/rescan.ts';
import type { RescanReport } from '#src/intake/rescan-report.ts';
import { type AdminRoute, defineRoute } from '../route.ts';

export interface RescanRoutesDeps {
  readonly rescan: Pick<Rescan, 'reload' | 'report'>;
}

/** No body is an order too: to read the rules again, and nothing else. */
const orderShape = z.strictObject({ malware: z.enum(['changed', 'all']).optional() }).default({});

const names = z.array(z.string()).readonly();
const reportShape = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'running', 'finished', 'broken']),
  rulesVersion: z.string(),
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  releases: z.number(),
  files: z.number(),
  bytesRead: z.number(),
  quarantined: names,
  released: names,
  failed: z.array(z.object({ release: z.string(), error: z.string() })).readonly(),
  counts: z.object({ quarantined: z.number(), released: z.number(), failed: z.number() }),
  error: z.string().optional(),
});

/** Judging all releases again. */
export function rescanRoutes({ rescan }: RescanRoutesDeps): AdminRoute[] {
  return [
    defineRoute({
      method: 'post',
      path: '/rescan',
      permission: 'administer',
      changes: true,
      summary: 'Read the scanner rules again, and judge all releases by them',
      request: { body: orderShape },
      answer: { status: 202, says: 'The pass has begun, or waits for the one that runs', json: reportShape },
      handle: ({ body: { malware } }) => reloaded(rescan, malware),
    }),
    defineRoute({
      method: 'get',
      path: '/rescan',
      permission: 'inspect',
      changes: false,
      summary: 'Report on a pass, by default the last',
      request: { query: z.object({ id: z.uuid().optional() }) },
      answer: { says: 'The report; null where there was no pass yet', json: reportShape.nullable() },
      handle: ({ query: { id } }) => {
        const report = rescan.report(id);
        if (id !== undefined && report === undefined)
          throw new AirlockError('upstream-entry-not-found', 'This mirror knows no such rescan any more.');
        return report ?? null;
      },
    }),
  ];
}

/** What is wrong with the rules is for the person who asked, and no failure of the mirror. */
function reloaded(rescan: RescanRoutesDeps['rescan'], malware: AskAgain | undefined): RescanReport {
  try {
    return rescan.reload(malware);
  } catch (error) {
    if (isAirlockError(error, 'config-invalid')) throw new AirlockError('conflict', error.message, {}, error);
    throw error;
  }
}
