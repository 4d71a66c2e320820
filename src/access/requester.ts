// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import type { Actor } from './actor.ts';

/** Who asks for something that needs a person. */
export interface Requester {
  /** One key for each: `token:<id>`, or `address:<address>` for a stranger on an open mirror. */
  readonly who: string;
  /** As people read it: the owner of a token. */
  readonly name: string;
  /** Whether it is somebody that the mirror knows. */
  readonly known: boolean;
}

export function requesterOf(actor: Actor | undefined, address: string | undefined): Requester {
  if (actor) return { who: `token:${actor.id}`, name: actor.owner, known: true };
  const from = address === undefined ? 'unknown' : networkOf(address);
  return { who: `address:${from}`, name: from, known: false };
}

/** Of IPv6 the first 64 bits: one person has all addresses that begin so. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '');
  if (isIP(plain) !== 6) return isIP(plain) === 4 ? plain : 'unknown';
  const [head = '', tail] = plain.toLowerCase().split('::');
  const groups = (text: string | undefined) => (text ? text.split(':') : []);
  const [first, last] = [groups(head), groups(tail)];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const all = [...first, ...Array<string>(zeros).fill('0'), ...last];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
