// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '#src/attest/canonical-json.ts';
import type { KeyRing } from '#src/attest/key-ring.ts';
import type { Audit } from '#src/audit/audit.ts';
import { createLedger } from '#src/audit/ledger.ts';
import { openAudit } from '#src/audit/open.ts';
import { verifyChains } from '#src/audit/verify.ts';
import { type Config, explainConfig } from '#src/config.ts';
import { systemClock } from '#src/domain/clock.ts';
import { sha256Of } from '#src/domain/digest.ts';
import type { Index } from '#src/index/index.ts';
import type { Log } from '#src/ops/log.ts';
import type { RecordStore } from '#src/store/record-store.ts';
import { auditSources } from './audit-sources.ts';

/** What this process writes down, and under which names. */
export function auditOf(config: Config, records: RecordStore, index: Index, ring: KeyRing, log: Log): Audit {
  return openAudit({
    records,
    index,
    signer: ring.signers.evidence,
    keys: ring.keys,
    clock: systemClock,
    folder: join(config.data, 'audit'),
    settings: config.audit,
    log,
  });
}

/** What is searched and verified: the audit, and every chain with decisions. */
export function ledgerOf(records: RecordStore, index: Index, ring: Pick<KeyRing, 'keys'>) {
  const sources = auditSources(ring.keys);
  return {
    ledger: createLedger({ records, index, sources }),
    verifyAudit: () => verifyChains({ records, heads: index.heads, sources }),
  };
}

/** The first event of a process: what it was told to do. */
export function startOf(config: Config, ring: KeyRing): Parameters<Audit['started']>[0] {
  const { policy, sources } = config;
  return {
    version: packageVersion(),
    configuration: explainConfig(config).split('\n'),
    policyDigest: sha256Of(canonicalJson({ policy, sources })),
    approvalKey: ring.signers.approval.key.hint,
    evidenceKey: ring.signers.evidence.key.hint,
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
