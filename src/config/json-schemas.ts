// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { evidenceFileSchema } from '#src/policy/evidence-file.ts';
import { policySchema, sourcesSchema } from './policy-schema.ts';

/** What has a JSON Schema for editors: `config/<name>.schema.json`. */
export const JSON_SCHEMAS = ['policy', 'sources', 'evidence'] as const;
export type JsonSchemaName = (typeof JSON_SCHEMAS)[number];

/** A file as a person writes it. What only code can check (a CEL expression, a pattern) is a text there. */
export function jsonSchemaText(name: JsonSchemaName): string {
  const schema = { policy: policySchema, sources: sourcesSchema, evidence: evidenceFileSchema }[name];
  return `${JSON.stringify(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), null, 2)}\n`;
}
