// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { addTemplate, hasTags, TEMPLATE_BYTES } from '../jinja/uses.ts';
import { MetadataLicenses } from '../license/metadata.ts';
import { UseList } from '../uses.ts';
import { type GgufInput, MalformedGguf } from './input.ts';
import { ARRAY, BOOL, SCALAR_BYTES, STRING, UINT32 } from './types.ts';

const KEY_BYTES = 65_535;
const KEPT_VALUE = 64 * 1024;
/** Arrays in arrays: the specification has them, no writer makes any, and recursive readers run out of stack. */
const ARRAY_DEPTH = 4;
const LARGEST_ALIGNMENT = 65_536;
/** Text that a loader renders: `tokenizer.chat_template`, its named variants, and prompts of other loaders. */
const TEMPLATE_KEY = /template|prompt/;
/** NUL ends a text early for a reader in C; ESC starts a command to a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROLS = /[\x00\x1b]/;

export interface Metadata {
  alignment: number;
}

/** The key-value pairs. Texts of arrays (vocabularies) are data; single texts, and lists of templates, are looked at. */
export async function readMetadata(facts: Facts, input: GgufInput, pairs: number): Promise<Metadata> {
  const metadata: Metadata = { alignment: 32 };
  const keys = new Set<string>();
  for (let i = 0; i < pairs; i++) {
    const key = await readKey(facts, input, keys);
    await input.ready(16);
    const type = input.u32();
    if (key === 'general.alignment') metadata.alignment = alignmentOf(type, input);
    else if (type === STRING) await readText(facts, input, key);
    else await passValue(input, type, 0, TEMPLATE_KEY.test(key) ? () => readText(facts, input, key) : undefined);
  }
  return metadata;
}

async function readKey(facts: Facts, input: GgufInput, keys: Set<string>): Promise<string> {
  const offset = input.cursor.offset;
  const key = await input.text(KEY_BYTES);
  if (key === undefined || key === '') throw new MalformedGguf(key === '' ? 'an empty key' : 'a key that is too long');
  if (keys.has(key)) throw new MalformedGguf(`key ${short(key)} is there twice`);
  keys.add(key);
  if (key.includes('\ufffd')) throw new MalformedGguf(`key ${short(key)} is no UTF-8`);
  if (CONTROLS.test(key))
    facts.problems.push({ code: 'gguf-controls', offset, detail: `control characters in key ${short(key)}` });
  return key;
}

function alignmentOf(type: number, input: GgufInput): number {
  if (type !== UINT32) throw new MalformedGguf(`an alignment of value type ${type}`);
  const alignment = input.u32();
  const isPower = alignment > 0 && (alignment & (alignment - 1)) === 0;
  if (!isPower || alignment > LARGEST_ALIGNMENT) throw new MalformedGguf(`an alignment of ${alignment}`);
  return alignment;
}

async function readText(facts: Facts, input: GgufInput, key: string): Promise<void> {
  const offset = input.cursor.offset;
  const isTemplate = TEMPLATE_KEY.test(key);
  const value = await input.text(isTemplate ? TEMPLATE_BYTES : KEPT_VALUE);
  if (value !== undefined && CONTROLS.test(value))
    facts.problems.push({ code: 'gguf-controls', offset, detail: `control characters in ${short(key)}` });
  if (value !== undefined) new MetadataLicenses(facts).read(key, value);
  if (!isTemplate) return;
  const uses = new UseList(facts);
  if (value === undefined) uses.add('json-long-template', '(long text)', key, offset);
  else if (hasTags(value)) addTemplate(uses, value, key);
}

type OnText = () => Promise<void>;

async function passValue(input: GgufInput, type: number, depth: number, onText?: OnText): Promise<void> {
  if (type === STRING) return onText ? onText() : void (await input.text(0));
  if (type === ARRAY) return passArray(input, depth, onText);
  const bytes = SCALAR_BYTES.get(type);
  if (bytes === undefined) throw new MalformedGguf(`value type ${type} is not known`);
  await input.ready(bytes);
  const value = input.cursor.take(bytes)[0] ?? 0;
  if (type === BOOL && value > 1) throw new MalformedGguf(`a truth value of ${value}`);
}

async function passArray(input: GgufInput, depth: number, onText?: OnText): Promise<void> {
  if (depth >= ARRAY_DEPTH) throw new MalformedGguf(`arrays nested deeper than ${ARRAY_DEPTH} levels`);
  await input.ready(16);
  const type = input.u32();
  const bytes = SCALAR_BYTES.get(type);
  const count = input.count('items of an array', bytes ?? (input.shortCounts ? 4 : 8));
  if (bytes !== undefined) return input.skip(count * bytes);
  for (let i = 0; i < count; i++) await passValue(input, type, depth + 1, onText);
}

export function short(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
