// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument, type YAMLError } from 'yaml';
import { messageOf } from '#src/domain/errors.ts';
import { configInvalid } from './problems.ts';

/** Far above any honest file; the library's check for duplicate keys is quadratic. */
const MAX_BYTES = 256 * 1024;
const MAX_ALIASES = 32;

/**
 * The file as plain values: YAML 1.2, core schema. Duplicate keys, unknown tags and a second document are errors, and
 * aliases are few. An empty file is an empty mapping.
 * @throws AirlockError config-invalid
 */
export async function readYaml(file: string): Promise<unknown> {
  const text = await readText(file);
  const lines = new LineCounter();
  const doc = parseDocument(text, { version: '1.2', schema: 'core', prettyErrors: false, lineCounter: lines });
  const problems = [...doc.errors, ...doc.warnings].map((error) => describe(error, lines));
  if (problems.length > 0) throw configInvalid(`${file} is not valid YAML`, problems);
  try {
    return doc.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch (error) {
    throw configInvalid(`${file} is not valid YAML`, [messageOf(error)]);
  }
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw configInvalid(`The configuration ${file} can not be read`, [messageOf(error)]);
  }
  if (bytes.length > MAX_BYTES)
    throw configInvalid(`The configuration ${file} is too large`, [
      `it has ${bytes.length} bytes; at most ${MAX_BYTES} are read`,
    ]);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw configInvalid(`The configuration ${file} can not be read`, ['it is not UTF-8']);
  }
}

/** Line and column, and the library's sentence; not the line itself, which may hold a secret under a wrong key. */
function describe(error: YAMLError, lines: LineCounter): string {
  const { line, col } = lines.linePos(error.pos[0]);
  return `line ${line}, column ${col}: ${error.message}`;
}
