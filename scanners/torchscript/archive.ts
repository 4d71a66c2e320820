// SPDX-License-Identifier: Apache-2.0
import type { Facts, GlobalFact, MemberFacts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { readText } from '../text/decode.ts';
import { UseList } from '../uses.ts';
import { readSource } from './source.ts';

const SOURCE_CHARACTERS = 32 * 1024 * 1024;
const CODE = /^(?:[^/]+\/)?code\/.+\.py$/;
const BYTECODE = /^(?:[^/]+\/)?bytecode\.pkl$/;

/** torch.load hands an archive with `constants.pkl` on to TorchScript's reader. */
export function isTorchscript(names: readonly string[]): boolean {
  return names.some((name) => /^(?:[^/]+\/)?constants\.pkl$/.test(name));
}

/** What a member says to TorchScript's reader, beside what it is by itself. */
export async function readScriptMember(member: MemberFacts, bytes: Bytes): Promise<void> {
  if (CODE.test(member.name)) await readCode(member, bytes);
  else if (member.pickle) readObjects(member);
  if (BYTECODE.test(member.name)) await readBytecode(member, bytes);
}

/** The sources of an archive are run by torch's own interpreter, never by Python. */
async function readCode(member: MemberFacts, bytes: Bytes): Promise<void> {
  if (member.format !== 'text') return;
  const source = await contentOf(bytes, 'utf-8');
  if (source === undefined) return broken(member, 'not UTF-8, or too long to be read');
  member.format = 'torchscript-code';
  const why = readSource(source, new UseList(member));
  if (why !== undefined) broken(member, why);
}

function broken(member: Facts, detail: string): void {
  member.problems.push({ code: 'torchscript-broken', detail });
}

/** Objects of classes that the archive defines: torch's own unpickler resolves them, and imports nothing. */
function readObjects(member: MemberFacts): void {
  const { pickle } = member;
  if (!pickle) return;
  const uses = new UseList(member);
  const isOwn = ({ module }: { readonly module?: string }) =>
    module === '__torch__' || module?.startsWith('__torch__.');
  const called = new Set(pickle.calls.filter((call) => isOwn(call) && call.op === 'REDUCE').map(keyOf));
  const resolved = (global: GlobalFact) => isOwn(global) && !called.has(keyOf(global));
  for (const { module, name, offset } of pickle.globals.filter(resolved)) {
    const full = `${module}.${name}`;
    if (full.startsWith(CLASSES)) uses.add('torchscript-class', full.slice(CLASSES.length), 'an object', offset);
  }
  pickle.calls = pickle.calls.filter((call) => !isOwn(call) || called.has(keyOf(call)));
  pickle.globals = pickle.globals.filter((global) => !resolved(global));
}

const CLASSES = '__torch__.torch.classes.';

function keyOf({ module, name }: { readonly module?: string; readonly name?: string }): string {
  return `${module}.${name}`;
}

/**
 * The instructions of the mobile interpreter (torch/csrc/jit/mobile/import.cpp): a pickle of plain texts and numbers,
 * in which each operator and type is one text.
 */
async function readBytecode(member: MemberFacts, bytes: Bytes): Promise<void> {
  const content = await contentOf(bytes, 'latin1');
  if (content === undefined) return broken(member, 'too long to be read');
  const uses = new UseList(member);
  let end = 0;
  let unexplained = 0;
  for (const { index } of content.matchAll(/::|\.classes\./g)) {
    if (index < end) continue;
    const found = textAround(content, index);
    const written = found === undefined ? '' : content.slice(found.from, found.to);
    end = found?.to ?? index + 1;
    const at = `byte ${index}`;
    if (found === undefined) {
      uses.add('torchscript-operator', '?', at, index);
      if (++unexplained >= MAX_UNEXPLAINED) return;
    }
    for (const [name] of written.matchAll(/(?<!\w)[A-Za-z_]\w*::\w+/g))
      uses.add('torchscript-operator', name, at, index);
    for (const [, name = ''] of written.matchAll(/__torch__\.torch\.classes\.(\w+(?:\.\w+)*)/g))
      uses.add('torchscript-class', name, at, index);
  }
}

/** The text of BINUNICODE or SHORT_BINUNICODE in which this place is. */
function textAround(content: string, at: number): { from: number; to: number } | undefined {
  for (let from = at; from > Math.max(0, at - TEXT_CHARACTERS); from--) {
    const length = lengthBefore(content, from);
    if (length !== undefined && length <= TEXT_CHARACTERS && from + length > at) return { from, to: from + length };
  }
  return undefined;
}

const TEXT_CHARACTERS = 1000;
/** Honest bytecode has none. */
const MAX_UNEXPLAINED = 1000;

function lengthBefore(content: string, from: number): number | undefined {
  if (content[from - 2] === '\x8c') return content.charCodeAt(from - 1);
  if (content[from - 5] !== 'X') return undefined;
  return Buffer.from(content.slice(from - 4, from), 'latin1').readUInt32LE();
}

async function contentOf(bytes: Bytes, encoding: 'utf-8' | 'latin1'): Promise<string | undefined> {
  if (bytes.size > SOURCE_CHARACTERS) return undefined;
  if (encoding === 'latin1') return await latin1Of(bytes);
  const parts: string[] = [];
  const isText = await readText(bytes, encoding, (part) => parts.push(part));
  return isText ? parts.join('') : undefined;
}

async function latin1Of(bytes: Bytes): Promise<string> {
  const parts: string[] = [];
  const cursor = bytes.cursor();
  for (let chunk = await cursor.chunk(); chunk.length > 0; chunk = await cursor.chunk())
    parts.push(Buffer.from(chunk).toString('latin1'));
  return parts.join('');
}
