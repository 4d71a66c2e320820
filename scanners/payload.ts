// SPDX-License-Identifier: Apache-2.0
import type { Spending } from './budgets.ts';
import type { Facts } from './facts.ts';
import { FORMATS } from './formats/index.ts';
import type { Bytes, RandomBytes } from './io/bytes.ts';
import { hiddenPickle, isPickleTo, SEARCHED } from './pickle/hidden.ts';
import { archiveFromEnd } from './zip/polyglot.ts';

/** Problems that leave bytes which no grammar explains, and that nobody has searched (io/tail.ts does behind an end). */
const UNEXPLAINED = /-(?:malformed|broken|unread|gap|layout|controls)$|^not-text$/;
/** What is read as pickle or text anyway, and archives, whose members are all looked into. */
const READ_AS_SUCH: ReadonlySet<string> = new Set(['pickle', 'text', 'json', 'xml', 'zip', 'empty', 'unknown']);

/**
 * Content is what its first bytes say, and may be something else to a program that looks elsewhere or is not particular
 * about them: an archive is found from the end, and a pickle by running it. `format` is what the sniffer said.
 */
export async function lookForPayload(facts: Facts, format: string, bytes: Bytes, spending: Spending): Promise<void> {
  const { random } = bytes;
  if (random === undefined) return;
  if (!READ_AS_SUCH.has(format) && (await isPickleTo(random, spending)))
    facts.problems.push({ code: 'pickle-polyglot', offset: 0, detail: `to unpicklers the ${format} is a pickle` });
  const unexplained = facts.problems.filter(({ code }) => UNEXPLAINED.test(code));
  const isRead = Object.hasOwn(FORMATS, format);
  if (format === 'zip' || (isRead && unexplained.length === 0)) return;
  if (facts.problems.some(({ code }) => code === 'trailing-payload')) return;
  noteArchive(facts, random);
  const from = isRead ? Math.min(random.size, ...unexplained.map(({ offset }) => offset ?? 0)) : 0;
  await notePickle(facts, random, from, spending);
}

function noteArchive(facts: Facts, bytes: RandomBytes): void {
  const archive = archiveFromEnd(bytes);
  if (archive === undefined) return;
  const detail = `an archive with ${JSON.stringify(archive.name.slice(0, 80))} lies in it`;
  facts.problems.push({ code: 'trailing-payload', offset: archive.at, detail });
}

async function notePickle(facts: Facts, bytes: RandomBytes, from: number, spending: Spending): Promise<void> {
  for (const place of new Set([from, Math.max(from, bytes.size - SEARCHED)])) {
    const at = await hiddenPickle(bytes, place, spending);
    if (at === undefined) continue;
    facts.problems.push({ code: 'trailing-payload', offset: at, detail: 'a pickle that calls something lies in it' });
    return;
  }
}
