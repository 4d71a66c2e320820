// SPDX-License-Identifier: Apache-2.0
import { raw, u16, u32 } from './pickle-bytes.ts';

function crc(bytes: Uint8Array, width: number, polynomial: number): number {
  let rest = 0;
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      const high = (rest >>> (width - 1)) ^ ((byte >> bit) & 1);
      rest = ((rest << 1) ^ (high ? polynomial : 0)) & (2 ** width - 1);
    }
  return rest;
}

function flacFrame(number: number): Buffer {
  const head = raw(0xff, 0xf8, 0x19, 0x18, number);
  const frame = raw(head, crc(head, 8, 0x07), Buffer.alloc(30, 0x5a + number));
  const sum = crc(frame, 16, 0x8005);
  return raw(frame, sum >> 8, sum & 0xff);
}
export const flacFile = raw('fLaC', 0x80, 0, 0, 34, Buffer.alloc(34, 1), flacFrame(0), flacFrame(1), flacFrame(2));

const element = (id: string, data: Uint8Array) => raw(id, 0x80 | data.length, data);
const ebmlHead = element('\x1a\x45\xdf\xa3', raw('\x42\x82\x84webm'));
const info = element('\x15\x49\xa9\x66', Buffer.alloc(3));
export const webmFile = raw(
  ebmlHead,
  element('\x18\x53\x80\x67', raw(info, element('\x1f\x43\xb6\x75', Buffer.alloc(9)))),
);
/** As a browser records: nobody knew how long it would be. */
export const webmLive = raw(ebmlHead, '\x18\x53\x80\x67\xff', info, '\x1f\x43\xb6\x75\xff', '\xe7\x81\0\xa3\x84abcd');

const entry = (length: number, at: number) => raw(16, 16, 0, 0, u16(1), u16(32), u32(length), u32(at));
export const iconFile = raw(u16(0), u16(1), u16(2), entry(40, 38), entry(20, 78), Buffer.alloc(60, 7));

const frame = raw(0xff, 0xfb, 0x90, 0, Buffer.alloc(413));
export const bareMp3 = raw(frame, frame, frame);
