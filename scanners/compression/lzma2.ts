// SPDX-License-Identifier: Apache-2.0
import { Corrupt } from './decoder.ts';
import type { Input } from './input.ts';
import { DECODE_BYTES, Lzma, lzmaProperties } from './lzma-core.ts';

/** LZMA2: chunks that are LZMA or plain, with resets in between; a zero ends them (as the xz format uses it). */
export function* lzma2(input: Input, dictionary: number): Generator<Uint8Array> {
  const lzma = new Lzma(input, dictionary);
  let needsWindow = true;
  let needsProperties = true;
  for (let control = input.u8(); control !== 0; control = input.u8()) {
    const resetsWindow = control === 1 || control >= 0xe0;
    if (needsWindow && !resetsWindow) throw new Corrupt('an LZMA2 chunk that continues nothing');
    if (resetsWindow) lzma.resetWindow();
    needsWindow = false;
    if (control < 0x80) {
      if (control > 2) throw new Corrupt('an LZMA2 chunk of no known kind');
      const bytes = input.take(input.u16be() + 1);
      lzma.put(bytes);
      yield bytes;
      continue;
    }
    const size = ((control & 0x1f) << 16) + input.u16be() + 1;
    const packed = input.u16be() + 1;
    if (control >= 0xc0) {
      const properties = lzmaProperties(input.u8());
      if (properties === undefined || properties.lc + properties.lp > 4) throw new Corrupt('no LZMA properties');
      lzma.resetState(properties);
      needsProperties = false;
    } else if (needsProperties) throw new Corrupt('an LZMA2 chunk without properties');
    else if (control >= 0xa0) lzma.resetState(lzma.properties);
    yield* chunk(input, lzma, size, input.offset + packed);
  }
}

function* chunk(input: Input, lzma: Lzma, size: number, end: number): Generator<Uint8Array> {
  lzma.startRange();
  for (let left = size; left > 0; ) {
    const bytes = lzma.decode(Math.min(left, DECODE_BYTES));
    if (lzma.ended) throw new Corrupt('an LZMA2 chunk with an end marker');
    left -= bytes.length;
    yield bytes;
  }
  if (lzma.open || input.offset !== end) throw new Corrupt('an LZMA2 chunk of another length than it says');
}
