// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import type { RandomBytes } from '../io/bytes.ts';
import { noteTail } from '../io/tail.ts';
import { BLOCK, type Header, parseHeader } from '../tar/header.ts';
import type { Context, Extractor } from './context.ts';
import { namesOutside } from './names.ts';

const PLAIN = new Set(['0', '\0', '7']);
const LINKS: Readonly<Record<string, string>> = { '1': 'a hard link', '2': 'a symbolic link' };
const DEVICES = new Set(['3', '4', '6']);
/** GNU long names and pax headers: they rename the next member. */
const EXTENSIONS = new Set(['L', 'K', 'x', 'g']);

/** POSIX ustar with the GNU and pax ways to write a long name. Sparse files and anything else are problems. */
export const tar: Extractor = async (facts, bytes, context) => {
  if (bytes.random === undefined) {
    within('heldBytes', bytes.size);
    return;
  }
  facts.members = [];
  const end = await readMembers(facts, facts.members, bytes.random, context);
  // NeMo's SaveRestoreConnector: the configuration beside checkpoint and tokenizer files.
  if (facts.members.some(({ name }) => /^(?:\.\/)?model_config\.yaml$/.test(name))) facts.format = 'nemo';
  if (end !== undefined && !isZero(bytes.random, end))
    await noteTail(facts, bytes.random, end, 'the end of the tar archive', context.spending);
};

/** Returns where the archive ends, or nothing when it breaks. */
async function readMembers(
  facts: Facts,
  members: MemberFacts[],
  bytes: RandomBytes,
  context: Context,
): Promise<number | undefined> {
  let longName: string | undefined;
  for (let at = 0; at < bytes.size; ) {
    const block = bytes.readAt(at, BLOCK);
    if (block.length < BLOCK) return broken(facts, at, 'the archive ends inside a header');
    if (block.every((byte) => byte === 0)) return at;
    const header = parseHeader(block);
    if (header === undefined) return broken(facts, at, 'a header with a wrong checksum or size');
    const data = bytes.slice(at + BLOCK, header.size);
    if (data.size < header.size) return broken(facts, at, `${header.name} is longer than the archive`);
    if (EXTENSIONS.has(header.type)) longName = extendedName(header.type, data) ?? longName;
    else {
      context.spending.spend('members', 1);
      await readMember(facts, members, { ...header, name: longName ?? header.name }, at, data, context);
      longName = undefined;
    }
    at += BLOCK + Math.ceil(header.size / BLOCK) * BLOCK;
  }
  return undefined;
}

async function readMember(
  facts: Facts,
  members: MemberFacts[],
  header: Header,
  offset: number,
  data: RandomBytes,
  context: Context,
): Promise<void> {
  const { name, type, link } = header;
  const problem = (code: string, detail: string) => facts.problems.push({ code, offset, detail });
  if (namesOutside(name)) problem('archive-traversal', `member ${JSON.stringify(name)} leaves the folder`);
  if (type === '5') return;
  if (LINKS[type]) {
    const outside = namesOutside(link) || link.split('/').includes('..');
    problem(outside ? 'archive-link-outside' : 'archive-link', `${JSON.stringify(name)} is ${LINKS[type]}`);
  } else if (DEVICES.has(type)) problem('archive-device', `${JSON.stringify(name)} is a device`);
  else if (!PLAIN.has(type))
    problem('archive-unknown-member', `${JSON.stringify(name)} has type ${JSON.stringify(type)}`);
  if (data.size === 0) return;
  const member: MemberFacts = { ...newFacts('unknown', data.size), name, offset };
  members.push(member);
  await context.extractInner(member, data);
}

function extendedName(type: string, data: RandomBytes): string | undefined {
  const text = Buffer.from(data.readAt(0, 64 * 1024)).toString('utf8');
  if (type === 'L') return text.replace(/\0.*$/s, '');
  return type === 'x' ? /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1] : undefined;
}

function broken(facts: Facts, offset: number, detail: string): undefined {
  facts.problems.push({ code: 'archive-broken', offset, detail });
}

function isZero(bytes: RandomBytes, from: number): boolean {
  for (let at = from; at < bytes.size; at += 64 * 1024)
    if (bytes.readAt(at, 64 * 1024).some((byte) => byte !== 0)) return false;
  return true;
}
