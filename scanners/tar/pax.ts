// SPDX-License-Identifier: Apache-2.0

/** Records of a pax extended header (POSIX.1-2024, "pax Extended Header"): `length key=value\n` in a row. */
export function parsePax(bytes: Uint8Array): { records: Map<string, string>; problem?: string } {
  const records = new Map<string, string>();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (at < buffer.length) {
    const digits = /^(\d{1,10}) /.exec(buffer.toString('latin1', at, at + 11));
    if (digits === null) {
      // Some writers fill the header up with zeros.
      if (buffer.subarray(at).every((byte) => byte === 0)) break;
      return { records, problem: 'a pax record without a length' };
    }
    const end = at + Number(digits[1]);
    const start = at + digits[0].length;
    const equals = buffer.indexOf(0x3d, start);
    if (end > buffer.length || equals < 0 || equals >= end || buffer[end - 1] !== 0x0a)
      return { records, problem: 'a pax record of another length than it says' };
    const key = buffer.toString('utf8', start, equals);
    const value = buffer.toString('utf8', equals + 1, end - 1);
    if (records.has(key) && NAMING.test(key)) return { records, problem: `two pax records of ${key}` };
    records.set(key, value);
    at = end;
  }
  return { records };
}

/** What changes a member's place or extent. */
const NAMING = /^(?:path|linkpath|size|GNU\.sparse\..*)$/;

export function naming(records: ReadonlyMap<string, string>): string[] {
  return [...records.keys()].filter((key) => NAMING.test(key));
}

/**
 * Whether a writer that keeps to the format would have needed this record: the header has room for short names of
 * ASCII, and says them itself then.
 */
export function disagrees(record: string, header: string): 'no' | 'yes' | 'doubt' {
  if (record === header || record.replace(/(?<!\/)\/+$/, '') === header.replace(/(?<!\/)\/+$/, '')) return 'no';
  if (Buffer.byteLength(record) > 100) return 'no';
  const isAscii = /^\p{ASCII}*$/u.test(record);
  if (isAscii) return 'yes';
  // Old readers get the name without what they could not show.
  const plain = (name: string) => name.replace(/\P{ASCII}|[?_]/gu, '');
  return plain(record) === plain(header) ? 'no' : 'doubt';
}
