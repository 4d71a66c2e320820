// SPDX-License-Identifier: Apache-2.0
import type { RepoPath } from '#src/domain/path.ts';
import type { Release, ReleaseFile } from '#src/domain/release.ts';
import type { Contents } from './contents.ts';
import { jsonRecord, record } from './plain.ts';

/** Elements by type, over all tensors of a model. */
export interface Parameters {
  parameters: Record<string, number>;
  total: number;
}

/** Files whose headers are read, the bytes of one and of all, and how many are read at once. A model beyond has no count. */
const MAX_FILES = 1000;
const MAX_HEADER = 8 * 2 ** 20;
const MAX_HEADERS = 64 * 2 ** 20;
const AT_ONCE = 4;
/** Holds most headers of one file; a longer one costs a second read. */
const FIRST_READ = 128 * 1024;

const DTYPE = /^[A-Z][A-Z0-9_]{0,15}$/;
const SHARD = /^(.*)-\d{5,6}-of-(\d{5,6})\.safetensors$/;

type Bytes = Pick<Contents, 'bytes'>;

/**
 * Counted from the headers alone, a few kilobytes of each file. Undefined where there are no such weights, where one of
 * their files is not served, or where a header is not to be believed: a wrong number is worse than none.
 */
export async function countParameters(release: Release, contents: Bytes): Promise<Parameters | undefined> {
  const files = weightFiles(release);
  if (files.length === 0 || files.length > MAX_FILES) return undefined;
  const counts = new Map<string, number>();
  let read = 0;
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const headers = await Promise.all(files.slice(at, at + AT_ONCE).map((file) => header(file, contents)));
    for (const bytes of headers) {
      read += bytes?.length ?? 0;
      if (!bytes || read > MAX_HEADERS || !addTensors(counts, bytes)) return undefined;
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return Number.isSafeInteger(total) ? { parameters: Object.fromEntries(counts), total } : undefined;
}

/** One file, or all shards of one: under the names that transformers and diffusers load. */
function weightFiles({ files }: Release): ReleaseFile[] {
  const names = ['model', 'transformer/diffusion_pytorch_model', 'unet/diffusion_pytorch_model', 'adapter_model'];
  for (const name of names) {
    const whole = files.get(`${name}.safetensors` as RepoPath);
    if (whole) return [whole];
    if (!files.has(`${name}.safetensors.index.json` as RepoPath)) continue;
    const shards = [...files.values()].filter(({ path }) => SHARD.exec(path)?.[1] === name);
    const expected = Number(SHARD.exec(shards[0]?.path ?? '')?.[2]);
    return shards.length === expected ? shards : [];
  }
  return [];
}

/** The JSON of a file's header: eight bytes of length, and so many bytes of text. */
async function header(file: ReleaseFile, { bytes }: Bytes): Promise<Buffer | undefined> {
  const first = await bytes(file, 0, FIRST_READ);
  if (!first || first.length < 8) return undefined;
  const length = Number(first.readBigUInt64LE(0));
  if (length > MAX_HEADER || length > file.size - 8) return undefined;
  if (length + 8 <= first.length) return first.subarray(8, 8 + length);
  const rest = await bytes(file, first.length, length + 8 - first.length);
  return rest && Buffer.concat([first.subarray(8), rest]);
}

/** False for what is no header of tensors. */
function addTensors(counts: Map<string, number>, bytes: Buffer): boolean {
  const tensors = jsonRecord(bytes.toString('utf8'));
  if (!tensors) return false;
  for (const [name, value] of Object.entries(tensors)) {
    if (name === '__metadata__') continue;
    const tensor = record(value);
    const dtype = tensor?.dtype;
    const elements = elementsOf(tensor?.shape);
    if (typeof dtype !== 'string' || !DTYPE.test(dtype) || elements === undefined) return false;
    const sum = (counts.get(dtype) ?? 0) + elements;
    if (!Number.isSafeInteger(sum)) return false;
    counts.set(dtype, sum);
  }
  return true;
}

function elementsOf(shape: unknown): number | undefined {
  if (!Array.isArray(shape)) return undefined;
  let elements = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return undefined;
    elements *= size;
    if (!Number.isSafeInteger(elements)) return undefined;
  }
  return elements;
}
