// SPDX-License-Identifier: Apache-2.0
import { bytes, startsWith } from './io/starts.ts';

/** Sound, films and bitmaps: a name and a second thing that no text has. */
export function mediaOf(head: Uint8Array): string | undefined {
  if (startsWith(head, bytes('RIFF')) && (startsWith(head, bytes('WAVE'), 8) || startsWith(head, bytes('AVI '), 8)))
    return 'riff';
  if (head[0] === 0 && startsWith(head, bytes('ftyp'), 4)) return 'iso-media';
  if (startsWith(head, bytes('OggS\0'))) return 'ogg';
  if (startsWith(head, bytes('fLaC')) && ((head[4] ?? 1) & 0x7f) === 0) return 'flac';
  if (startsWith(head, [0x1a, 0x45, 0xdf, 0xa3])) return 'ebml';
  if (isIcon(head)) return 'icon';
  if (isFrames(head)) return 'mp3';
  if (startsWith(head, bytes('ID3')) && (head[3] ?? 9) < 5 && head[4] === 0) return 'mp3';
  const isBitmap =
    startsWith(head, bytes('BM')) && startsWith(head, [0, 0, 0, 0], 6) && startsWith(head, [0, 0, 0], 15);
  return isBitmap ? 'bmp' : undefined;
}

/** Frames of MPEG layer III without a tag before them: what is behind the first one is another. */
function isFrames(head: Uint8Array): boolean {
  const length = frameLength(head);
  return length !== undefined && length > 4 && frameLength(head.subarray(length)) !== undefined;
}

/** No text begins so, and the first image must begin behind the list. */
function isIcon(head: Uint8Array): boolean {
  const [a, b, kind = 0, d, count = 0, high] = head;
  if (a !== 0 || b !== 0 || (kind !== 1 && kind !== 2) || d !== 0 || count === 0 || high !== 0) return false;
  const first = Buffer.from(head.subarray(18, 22));
  return head[9] === 0 && first.length === 4 && first.readUInt32LE(0) === 6 + 16 * count;
}

const BITRATES: Readonly<Record<number, readonly number[]>> = {
  3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const RATES: Readonly<Record<number, readonly number[]>> = {
  3: [44_100, 48_000, 32_000],
  2: [22_050, 24_000, 16_000],
  0: [11_025, 12_000, 8_000],
};

/** How long the frame is that begins here; `undefined` where none does. */
export function frameLength([first = 0, second = 0, third = 0]: Uint8Array): number | undefined {
  if (first !== 0xff || (second & 0xe6) !== 0xe2) return undefined;
  const version = (second >> 3) & 3;
  const bitrate = BITRATES[version === 3 ? 3 : 2]?.[third >> 4];
  const rate = RATES[version]?.[(third >> 2) & 3];
  if (!bitrate || rate === undefined) return undefined;
  return Math.floor(((version === 3 ? 144_000 : 72_000) * bitrate) / rate) + ((third >> 1) & 1);
}
