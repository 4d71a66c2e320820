// SPDX-License-Identifier: Apache-2.0
import type { KeyRing } from '#src/attest/key-ring.ts';
import { type Config, explainConfig } from '#src/config.ts';

/** What an operator reads at start: the configuration without secrets, the keys, and the line to type. */
export function greet(
  config: Config,
  url: string,
  ring: KeyRing,
  admin: { file?: string; first?: string },
  say: (line: string) => void,
): void {
  say('Hub Airlock');
  for (const line of explainConfig(config).split('\n')) say(`  ${line}`);
  for (const file of ring.created)
    say(`Created a new signing key: ${file}. Keep a copy: what it signed can not be verified without it.`);
  say(`Approval key: sha256:${ring.signers.approval.key.hint}`);
  say(`Evidence key: sha256:${ring.signers.evidence.key.hint}`);
  if (admin.file) say(`Administrative token: ${admin.file}`);
  if (admin.first) {
    say('Nobody can administer this mirror yet. This token can, for a day, until it has made the first personal one:');
    say(`  AIRLOCK_ADMIN_TOKEN=${admin.first} airlock token create laptop --owner YOU --role admin`);
  }
  say('');
  say(`export HF_ENDPOINT=${url}`);
}
