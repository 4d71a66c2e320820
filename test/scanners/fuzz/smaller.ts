// SPDX-License-Identifier: Apache-2.0

const TRIALS = 300;

/** Cut pieces out of an input for as long as what is wrong with it stays wrong. */
export async function smaller(bytes: Buffer, isWrong: (candidate: Buffer) => Promise<boolean>): Promise<Buffer> {
  let least = bytes;
  let trials = 0;
  for (let piece = least.length >> 1; piece > 0; piece >>= 1) {
    for (let at = 0; at < least.length; ) {
      if (trials++ > TRIALS) return least;
      const candidate = Buffer.concat([least.subarray(0, at), least.subarray(at + piece)]);
      if (await isWrong(candidate)) least = candidate;
      else at += piece;
    }
  }
  return least;
}
