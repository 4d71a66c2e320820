// SPDX-License-Identifier: Apache-2.0
import type { Spending } from '../budgets.ts';
import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { noteTail } from '../io/tail.ts';
import { payloadName } from '../magic.ts';
import { MalformedR, RInput } from '../r/input.ts';
import type { Place, RListener } from '../r/listener.ts';
import { isR } from '../r/recognise.ts';
import { RWalk } from '../r/walk.ts';
import { UseList } from '../uses.ts';
import type { Context, Extractor } from './context.ts';

/** Raw vectors that are looked into, of those that begin as a file does. */
const MOST_BLOBS = 500;
/** Names in code that are kept: those that matter are few. */
const MOST_NAMES = 10_000;

/**
 * What `saveRDS` and `save` of R write (R Internals, 1.8): one object, and for a workspace a list of variables.
 * Reading it runs nothing, but promises, active bindings and functions are code for whoever touches the object.
 */
export const rds: Extractor = async (facts, bytes, context) => {
  const head = Buffer.from(bytes.head().subarray(0, 8)).toString('latin1');
  const isWorkspace = /^RD[ABX][123]\n/.test(head);
  if (isWorkspace && head[3] === '1') return problem(facts, 'rds-old', 0, 'a workspace of version 1');
  const input = new RInput(bytes, 0);
  const listener = new ObjectReader(facts);
  try {
    await readHeader(facts, input, isWorkspace ? 5 : 0);
    await new RWalk(input, listener).run(isWorkspace);
    if (input.encoding === 'ascii') await input.skipSpace();
    if (!(await input.atEnd())) await readTail(facts, bytes, input.offset, context.spending);
  } catch (error) {
    if (!(error instanceof MalformedR) && !(error instanceof EndOfBytes)) throw error;
    problem(facts, 'rds-malformed', error.offset, error.message);
  }
  await readBlobs(facts, bytes, { blobs: listener.blobs, isAscii: input.encoding === 'ascii' }, context);
};

async function readTail(facts: Facts, bytes: Bytes, offset: number, spending: Spending): Promise<void> {
  if (bytes.random) await noteTail(facts, bytes.random, offset, 'the object', spending);
  else problem(facts, 'trailing-bytes', offset, 'bytes after the object');
}

/** Letter of the encoding, versions of the stream and of the writer, and from version 3 the name of a charset. */
async function readHeader(facts: Facts, input: RInput, start: number): Promise<void> {
  let letters = await input.characters(start + 2, start + 2);
  // The reader takes one line end in front of the letter.
  if (letters[start] === '\n') letters += await input.characters(1, 1);
  const [letter = '', end] = letters.slice(start).replace(/^\n/, '');
  const encoding = ENCODINGS[letter];
  if (encoding === undefined) throw new MalformedR(start, 'an encoding that R has not');
  if (end !== '\n') problem(facts, 'rds-malformed', start + 1, 'another byte where the line ends');
  input.encoding = encoding;
  const version = await input.integer();
  await input.integer();
  await input.integer();
  if (version !== 2 && version !== 3) throw new MalformedR(start, `a stream of the unknown version ${version}`);
  if (version === 2) return;
  const length = await input.integer();
  if (length < 0 || length > LONGEST_CHARSET) throw new MalformedR(input.offset, 'a charset that is too long');
  await input.characters(length, 0);
}

const LONGEST_CHARSET = 63;
const ENCODINGS: Readonly<Record<string, RInput['encoding']>> = { A: 'ascii', B: 'native', X: 'xdr' };

interface Blob {
  readonly what: string;
  readonly at: string;
  readonly offset: number;
  readonly length: number;
}

class ObjectReader implements RListener {
  readonly blobs: Blob[] = [];
  private readonly facts: Facts;
  private readonly uses: UseList;
  private readonly names = new Set<string>();

  constructor(facts: Facts) {
    this.facts = facts;
    this.uses = new UseList(facts);
  }

  call(name: string, place: Place, offset: number): void {
    this.uses.add(SCHEMES[place.where], name, where(place), offset);
  }

  name(name: string, place: Place, offset: number): void {
    // A text is a name only where a function could have it.
    if (!/^[.\p{L}][\w.\p{L}]*(?:::?:?[\w.]+)?$/u.test(name)) return;
    const key = `${place.where} ${name}`;
    if (this.names.has(key)) return;
    if (this.names.size === MOST_NAMES)
      problem(this.facts, 'rds-names', offset, `more than ${MOST_NAMES} names in code`);
    this.names.add(key);
    const scheme = SCHEMES[place.where] === 'r-call' ? 'r-call-name' : 'r-name';
    if (this.names.size <= MOST_NAMES) this.uses.add(scheme, name, where(place), offset);
  }

  object(kind: string, place: Place, offset: number): void {
    this.uses.add('r-object', kind, where(place), offset);
  }

  namespace(name: string, place: Place, offset: number): void {
    this.uses.add('r-namespace', name, where(place), offset);
  }

  altrep(name: string, place: Place, offset: number): void {
    this.uses.add('r-altrep', name, where(place), offset);
  }

  primitive(name: string, place: Place, offset: number): void {
    this.uses.add('r-function', name, where(place), offset);
  }

  promise(code: string, place: Place, offset: number): void {
    this.uses.add('r-promise-code', code, where(place), offset);
  }

  variable(name: string, offset: number): void {
    if (name.startsWith('.')) this.uses.add('r-variable', name, `$${name}`, offset);
  }

  raw(start: Uint8Array, place: Place, offset: number, length: number): void {
    const what = payloadName(start) ?? (isR(start) ? 'object' : undefined);
    if (what === undefined) return;
    if (this.blobs.length === MOST_BLOBS) problem(this.facts, 'rds-blob', offset, `more than ${MOST_BLOBS} files`);
    if (this.blobs.length <= MOST_BLOBS) this.blobs.push({ what, at: where(place), offset, length });
  }
}

const SCHEMES: Readonly<Record<Place['where'], string>> = {
  data: 'r-call',
  call: 'r-call',
  forced: 'r-call',
  function: 'r-function',
  promise: 'r-promise',
};

const WORDS: Readonly<Record<Place['where'], string>> = {
  data: '',
  call: 'a call in ',
  forced: 'a promise with its value in ',
  function: 'a function in ',
  promise: 'a promise in ',
};

function where({ where: what, at }: Place): string {
  return `${WORDS[what]}${at === '' ? 'the object' : at}`;
}

/** Raw vectors hold what other programs wrote: a model of theirs, or a program. */
async function readBlobs(
  facts: Facts,
  bytes: Bytes,
  { blobs, isAscii }: { readonly blobs: readonly Blob[]; readonly isAscii: boolean },
  context: Context,
): Promise<void> {
  for (const { what, at, offset, length } of blobs) {
    const inner = isAscii ? undefined : bytes.random?.slice(offset, length);
    if (inner === undefined) {
      problem(facts, 'rds-blob', offset, `${what} in ${at}, where it can not be read`);
      continue;
    }
    const member: MemberFacts = { ...newFacts('unknown', length), name: `(${at})`, offset };
    facts.members ??= [];
    facts.members.push(member);
    await context.extractInner(member, inner);
  }
}

function problem(facts: Facts, code: string, offset: number, detail: string): void {
  facts.problems.push({ code, offset, detail });
}
