// SPDX-License-Identifier: Apache-2.0
import type { Hono } from 'hono';
import { type ApprovalsDeps, createApprovals } from './approvals.ts';
import { type MountDeps, mountRoutes } from './mount.ts';
import { openapiRoute } from './openapi.ts';
import type { AdminRoute } from './route.ts';
import { type ActRoutesDeps, actRoutes } from './routes/acts.ts';
import { type AffectedRoutesDeps, affectedRoutes } from './routes/affected.ts';
import { type AlertRoutesDeps, alertRoutes } from './routes/alerts.ts';
import { approvalRoutes } from './routes/approvals.ts';
import { type AuditRoutesDeps, auditRoutes } from './routes/audit.ts';
import { type CaseRoutesDeps, caseRoutes } from './routes/cases.ts';
import { type DecisionRoutesDeps, decisionRoutes } from './routes/decisions.ts';
import { type DownloadRoutesDeps, downloadRoutes } from './routes/downloads.ts';
import { type EvaluationRoutesDeps, evaluationRoutes } from './routes/evaluations.ts';
import { type IntakeRoutesDeps, intakeRoutes } from './routes/intakes.ts';
import { type KeyRoutesDeps, keyRoutes } from './routes/keys.ts';
import { type NotificationRoutesDeps, notificationRoutes } from './routes/notifications.ts';
import { type PinRoutesDeps, pinRoutes } from './routes/pins.ts';
import { type PullDeps, pullRoutes } from './routes/pulls.ts';
import { type RescanRoutesDeps, rescanRoutes } from './routes/rescan.ts';
import { type RevocationRoutesDeps, revocationRoutes } from './routes/revocations.ts';
import { type SourceRoutesDeps, sourceRoutes } from './routes/sources.ts';
import { type TokenRoutesDeps, tokenRoutes } from './routes/tokens.ts';

export type AdminDeps = MountDeps &
  ActRoutesDeps &
  AffectedRoutesDeps &
  AlertRoutesDeps &
  AuditRoutesDeps &
  CaseRoutesDeps &
  DecisionRoutesDeps &
  DownloadRoutesDeps &
  EvaluationRoutesDeps &
  IntakeRoutesDeps &
  KeyRoutesDeps &
  PinRoutesDeps &
  NotificationRoutesDeps &
  PullDeps &
  RescanRoutesDeps &
  RevocationRoutesDeps &
  SourceRoutesDeps &
  TokenRoutesDeps &
  Omit<ApprovalsDeps, 'waitMilliseconds'> & {
    /** How long an approval waits for its intake before it answers that the work goes on. Default: 50 seconds. */
    readonly approveWaitMilliseconds?: number;
  };

const WAIT_MILLISECONDS = 50_000;

/** Every route below `/api/airlock`: the API behind the command line, and the downloads that let others verify. */
function adminRoutes(deps: AdminDeps): AdminRoute[] {
  const approvals = createApprovals({ ...deps, waitMilliseconds: deps.approveWaitMilliseconds ?? WAIT_MILLISECONDS });
  const routes = [
    ...actRoutes(deps),
    ...affectedRoutes(deps),
    ...alertRoutes(deps),
    ...auditRoutes(deps),
    ...approvalRoutes(approvals),
    ...caseRoutes(deps, approvals),
    ...decisionRoutes(deps),
    ...downloadRoutes(deps),
    ...evaluationRoutes(deps),
    ...intakeRoutes(deps),
    ...keyRoutes(deps),
    ...pinRoutes(deps),
    ...notificationRoutes(deps),
    ...pullRoutes(deps),
    ...rescanRoutes(deps),
    ...revocationRoutes(deps),
    ...sourceRoutes(deps),
    ...tokenRoutes(deps),
  ];
  return [...routes, openapiRoute(routes)];
}

/** `open` is for everybody, `others` for those who may read at least: they belong behind the door's own check. */
export function createAdmin(deps: AdminDeps): { readonly open: Hono; readonly others: Hono } {
  const routes = adminRoutes(deps);
  const isOpen = ({ permission }: AdminRoute): boolean => permission === 'open';
  return {
    open: mountRoutes(routes.filter(isOpen), deps),
    others: mountRoutes(
      routes.filter((route) => !isOpen(route)),
      deps,
    ),
  };
}
