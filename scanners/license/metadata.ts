// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { licenseOfValue } from './identify.ts';

/**
 * Keys that writers put a license under: GGUF (ggml's docs/gguf.md, `general.license`), ModelSpec in safetensors
 * (`modelspec.license`), and converters that copy the card's fields.
 */
const KEYS: ReadonlySet<string> = new Set([
  ...['general.license', 'general.license.name', 'general.license.link'],
  ...['modelspec.license', 'license', 'license_name', 'license_link'],
]);

/** Collects what the metadata of one file says of its license. Keys are few, so this is bounded. */
export class MetadataLicenses {
  private readonly facts: Facts;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  read(key: string, value: string): void {
    if (!KEYS.has(key)) return;
    const name = licenseOfValue(value);
    if (name === undefined) return;
    this.facts.license = { found: [...(this.facts.license?.found ?? []), { name, by: 'key', at: key }] };
  }
}
