// SPDX-License-Identifier: Apache-2.0

/** A compressed source on its way to its content. Each decoder reads its source once, from the start. */
export interface Decoder {
  /** The content in order; every chunk is the receiver's to keep. Throws {@link Corrupt} where the stream breaks. */
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Compressed bytes used so far: after the last chunk, where the stream ends. */
  readonly consumed: () => number;
  /** What is wrong and does not keep anybody from reading on, such as a checksum. */
  readonly doubts: Doubts;
}

/** The stream breaks its grammar, or uses what is not read here. */
export class Corrupt extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Corrupt';
  }
}

const KEPT = 20;

/** The first few doubts in words; the rest is counted. */
export class Doubts {
  readonly kept: string[] = [];
  private total = 0;

  add(detail: string): void {
    this.total++;
    if (this.kept.length < KEPT) this.kept.push(detail);
    else this.kept[KEPT - 1] = `and ${this.total - KEPT + 1} more of this kind`;
  }
}

export const CHUNK_BYTES = 256 * 1024;
