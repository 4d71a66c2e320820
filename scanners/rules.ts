// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { CODED_RULES } from './judge/rule-ids.ts';
import { type RuleData, ruleData } from './rules-schema.ts';
import { extractorVersions } from './version.ts';

export type { AllowRule, UseRow, UseScheme } from './rules-schema.ts';

/** The rule set: data that makes findings of facts. Only the parent process reads it, never the one with the bytes. */
export interface Rules extends RuleData {
  /** sha256 of the rule data in canonical form, with the extractors' versions: another one may judge differently. */
  readonly version: string;
}

const RULES_FOLDER = new URL('./rules/', import.meta.url);

/**
 * Read and check rules/*.yaml: one file a family of formats, all sections of all files together. `own` is a folder of
 * further files: its lists are added, its entries replace those of the same key.
 * @throws Error that names file and key when a rule is not as it must be, or stands in two files of one folder
 */
export function loadRules(own?: URL | string): Rules {
  const shipped = readRules(RULES_FOLDER);
  return parseRules(own === undefined ? shipped : overlaid(shipped, readRules(folderUrl(own))));
}

/** The merged content of a folder's files, not yet checked. */
export function readRules(folder: URL = RULES_FOLDER): Record<string, unknown> {
  const merged: Record<string, unknown> = {};
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  for (const name of files.sort()) merge(merged, parse(readFileSync(new URL(name, folder), 'utf8')), name);
  return merged;
}

function folderUrl(folder: URL | string): URL {
  return typeof folder === 'string' ? pathToFileURL(`${folder}/`) : folder;
}

/** Lists grow, maps grow by new keys; anything else, and any key that is there already, stands in one file only. */
function merge(into: Record<string, unknown>, part: unknown, file: string): void {
  if (!isMap(part)) throw new Error(`${file}: sections with a name are expected`);
  for (const [section, value] of Object.entries(part)) {
    const known = into[section];
    if (known === undefined) into[section] = value;
    else if (Array.isArray(known) && Array.isArray(value)) into[section] = [...known, ...value];
    else if (isMap(known) && isMap(value)) {
      const twice = Object.keys(value).find((key) => Object.hasOwn(known, key));
      if (twice !== undefined) throw new Error(`${file}: ${section}.${twice} stands in another file too`);
      into[section] = { ...known, ...value };
    } else throw new Error(`${file}: ${section} stands in another file too`);
  }
}

function overlaid(shipped: Record<string, unknown>, own: Record<string, unknown>): Record<string, unknown> {
  const sections = Object.entries(own).map(([section, value]) => {
    const known = shipped[section];
    if (Array.isArray(known) && Array.isArray(value)) return [section, [...known, ...value]];
    return [section, isMap(known) && isMap(value) ? { ...known, ...value } : value];
  });
  return { ...shipped, ...Object.fromEntries(sections) };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function parseRules(value: unknown): Rules {
  const parsed = ruleData.safeParse(value);
  if (!parsed.success) throw new Error(`scanners/rules: ${z.prettifyError(parsed.error)}`);
  const strangers = undescribed(parsed.data);
  if (strangers.length > 0) throw new Error(`scanners/rules: not described under "rules": ${strangers.join(', ')}`);
  const content = `${extractorVersions()}\n${canonical(parsed.data)}`;
  return { ...parsed.data, version: createHash('sha256').update(content).digest('hex') };
}

/** Rule ids that a finding may carry and that the catalogue does not explain. */
function undescribed(data: RuleData): string[] {
  return [...findingIds(data)].filter((id) => !Object.hasOwn(data.rules, id)).sort();
}

/** Every rule id that a finding may carry: the judges' own, and those of the rows. */
export function findingIds(data: RuleData): ReadonlySet<string> {
  const ids = new Set<string>([...CODED_RULES, ...Object.keys(data.problems)]);
  for (const scheme of Object.values(data.uses)) {
    ids.add(scheme.rule);
    for (const row of scheme.rows) if (row.rule !== undefined) ids.add(row.rule);
  }
  for (const { rule } of [...data.shapes, ...data.paths]) ids.add(rule);
  return ids;
}

/** JSON with sorted keys, so that neither their order nor comments and layout count as a change. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isMap(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
