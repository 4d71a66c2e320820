// SPDX-License-Identifier: Apache-2.0
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { raw, STOP, stateDict, text, u16, u32, u64 } from '#test/scanners/pickle-bytes.ts';

/** What every scanner of the table reads, each in a folder of its own. */
export interface BenchFiles {
  readonly torch: string;
  readonly safetensors: string;
  readonly pickles: string;
}

const MIB = 2 ** 20;
const STORAGES = 16;
const PICKLES = 2000;

export async function writeBenchFiles(folder: string, mib: number): Promise<BenchFiles> {
  const files = {
    torch: join(folder, 'torch', 'pytorch_model.bin'),
    safetensors: join(folder, 'safetensors', 'model.safetensors'),
    pickles: join(folder, 'pickles'),
  };
  for (const name of ['torch', 'safetensors', 'pickles']) await mkdir(join(folder, name), { recursive: true });
  const storage = noise((mib / STORAGES) * MIB);
  await writeTorch(files.torch, storage);
  await writeSafetensors(files.safetensors, storage);
  for (let i = 0; i < PICKLES; i++) await writeFile(join(files.pickles, `p${i}.pkl`), smallPickle(i));
  return files;
}

/** Bytes that do not compress and look like no format: xorshift, the same in every run. */
function noise(length: number): Buffer {
  const words = new Uint32Array(length / 4);
  let state = 0x9e3779b9;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer);
}

/** As torch.save writes it: stored members, each storage at a multiple of 64 bytes. */
async function writeTorch(path: string, storage: Buffer): Promise<void> {
  const items = storage.length / 4;
  const tensors = Object.fromEntries(Array.from({ length: STORAGES }, (_, i) => [`layer.${i}.weight`, items]));
  const members = [
    { name: 'model/data.pkl', data: stateDict(tensors) },
    ...Array.from({ length: STORAGES }, (_, i) => ({ name: `model/data/${i}`, data: storage })),
    { name: 'model/version', data: raw('3\n') },
  ];
  const sums = new Map([[storage, crc32(storage)]]);
  const out = createWriteStream(path);
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data } of members) {
    const crc = sums.get(data) ?? crc32(data);
    const bare = 30 + name.length + 4;
    const padding = (64 - ((offset + bare) % 64)) % 64;
    const extra = raw('FB', u16(padding), Buffer.alloc(padding, 'Z'));
    const sizes = raw(u32(crc), u32(data.length), u32(data.length), u16(name.length));
    const local = raw('PK\x03\x04', u16(20), u16(0), u16(0), u32(0), sizes, u16(extra.length), name, extra);
    central.push(
      raw(
        'PK\x01\x02',
        u16(20),
        u16(20),
        u16(0),
        u16(0),
        u32(0),
        sizes,
        u16(0),
        u16(0),
        u16(0),
        u16(0),
        u32(0),
        u32(offset),
        name,
      ),
    );
    out.write(local);
    if (!out.write(data)) await new Promise((resolve) => out.once('drain', resolve));
    offset += local.length + data.length;
  }
  const directory = Buffer.concat(central);
  const counts = raw(u16(members.length), u16(members.length));
  out.end(raw(directory, 'PK\x05\x06', u16(0), u16(0), counts, u32(directory.length), u32(offset), u16(0)));
  await finished(out);
}

async function writeSafetensors(path: string, storage: Buffer): Promise<void> {
  const tensors = Array.from({ length: STORAGES }, (_, i) => {
    const data_offsets = [i * storage.length, (i + 1) * storage.length];
    return [`layer.${i}.weight`, { dtype: 'F32', shape: [storage.length / 4], data_offsets }];
  });
  const header = JSON.stringify(Object.fromEntries(tensors));
  const out = createWriteStream(path);
  out.write(raw(u64(header.length), header));
  for (let i = 0; i < STORAGES; i++)
    if (!out.write(storage)) await new Promise((resolve) => out.once('drain', resolve));
  out.end();
  await finished(out);
}

/** About a kilobyte: a state dict without storages beside it, and some text. */
function smallPickle(seed: number): Buffer {
  const entries = Array.from({ length: 24 }, (_, i) =>
    raw(text(`parameter.${seed}.${i}`), 'J', u32(seed * i), 'K', i % 256, 0x86),
  );
  return raw(0x80, 2, '}(', ...entries, text('note'), text('x'.repeat(200)), 'u', STOP);
}
