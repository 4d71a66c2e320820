// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import type { JsonListener, JsonPlace } from '../json/walk.ts';

/** Bits of an item: safetensors/src/tensor.rs, `Dtype`. */
const BITS: ReadonlyMap<string, number> = new Map([
  ['BOOL', 8],
  ['U8', 8],
  ['I8', 8],
  ['F8_E5M2', 8],
  ['F8_E4M3', 8],
  ['F8_E8M0', 8],
  ['F8_E4M3FNUZ', 8],
  ['F8_E5M2FNUZ', 8],
  ['F4', 4],
  ['F6_E2M3', 6],
  ['F6_E3M2', 6],
  ['I16', 16],
  ['U16', 16],
  ['F16', 16],
  ['BF16', 16],
  ['I32', 32],
  ['U32', 32],
  ['F32', 32],
  ['C64', 64],
  ['F64', 64],
  ['I64', 64],
  ['U64', 64],
]);

interface Tensor {
  dtype: string | undefined;
  shape: number[];
  offsets: number[];
  fields: Set<string>;
}

/** Metadata is kept to look at its beginning. */
const METADATA_BYTES = 64 * 1024;

/** Collects `{name: {dtype, shape, data_offsets}}`, with `__metadata__` a map of texts. */
export class HeaderReader implements JsonListener {
  end = 0;
  private readonly names = new Set<string>();
  private readonly ranges: [begin: number, end: number][] = [];
  private readonly wrong = new Set<string>();
  private tensor: Tensor | undefined;
  private readonly metadata = new Set<string>();
  private readonly told: (key: string, value: string) => void;

  /** `told` hears of each text of the metadata. */
  constructor(told: (key: string, value: string) => void) {
    this.told = told;
  }

  keep(place: JsonPlace): number {
    return place.levels[0]?.key === '__metadata__' ? METADATA_BYTES : 1024;
  }

  open(place: JsonPlace, kind: 'object' | 'array'): void {
    const depth = place.levels.length;
    const [top, field] = place.levels;
    if (depth === 0) {
      if (kind !== 'object') this.wrong.add('the header is no object');
    } else if (depth === 1 && top?.kind === 'object') {
      if (kind !== 'object') this.wrong.add(`${short(top.key)} is no object`);
      if (this.names.has(top.key)) this.wrong.add(`${short(top.key)} is there twice`);
      this.names.add(top.key);
      within('tensors', this.names.size);
      if (top.key !== '__metadata__') this.tensor = { dtype: undefined, shape: [], offsets: [], fields: new Set() };
    } else if (depth === 2 && this.tensor && kind === 'array' && field) this.field(field.key);
    else this.wrong.add('something is nested too deep');
  }

  close(place: JsonPlace): void {
    if (place.levels.length !== 1) return;
    if (this.tensor) this.endTensor(this.tensor, place.levels[0]?.key ?? '');
    this.tensor = undefined;
  }

  scalar(place: JsonPlace, value: string | number | boolean | null | undefined, written = ''): void {
    const [top, field, item] = place.levels;
    if (top?.key === '__metadata__' && place.levels.length === 2) {
      if (typeof value !== 'string' && value !== undefined)
        this.wrong.add('__metadata__ holds something else than text');
      if (this.metadata.has(field?.key ?? '')) this.wrong.add('a key of __metadata__ is there twice');
      this.metadata.add(field?.key ?? '');
      if (typeof value === 'string') this.told(field?.key ?? '', value);
    } else if (this.tensor && place.levels.length === 2 && field?.key === 'dtype') {
      this.field('dtype');
      this.tensor.dtype = typeof value === 'string' ? value : undefined;
    } else if (this.tensor && item?.kind === 'array' && typeof value === 'number')
      this.number(field?.key ?? '', value, written);
    else this.wrong.add(`an unexpected value in ${short(top?.key ?? '')}`);
  }

  private field(name: string): void {
    if (!['dtype', 'shape', 'data_offsets'].includes(name)) this.wrong.add(`an unknown field ${short(name)}`);
    if (this.tensor?.fields.has(name)) this.wrong.add(`a field ${short(name)} is there twice`);
    this.tensor?.fields.add(name);
  }

  /** Only digits: one reader refuses `8.0` and `8e0`, another takes them for 8. */
  private number(field: string, value: number, written: string): void {
    if (!/^\d+$/.test(written)) return void this.wrong.add(`a ${short(field)} that is written as ${short(written)}`);
    if (!Number.isSafeInteger(value)) return void this.wrong.add(`a ${short(field)} of ${value}`);
    const target = field === 'shape' ? this.tensor?.shape : this.tensor?.offsets;
    if (target && target.length < 64) target.push(value);
    else this.wrong.add(`a ${short(field)} with too many numbers`);
  }

  private endTensor(tensor: Tensor, name: string): void {
    const bits = BITS.get(tensor.dtype ?? '');
    const [begin, end] = tensor.offsets;
    if (bits === undefined) this.wrong.add(`${short(name)} has an unknown dtype`);
    if (begin === undefined || end === undefined || tensor.offsets.length !== 2 || tensor.fields.size !== 3)
      return void this.wrong.add(`${short(name)} lacks a dtype, a shape or data_offsets`);
    const size = tensor.shape.reduce((product, n) => product * BigInt(n), BigInt(bits ?? 0));
    if (end < begin) return void this.wrong.add(`${short(name)} ends before it begins`);
    if (bits !== undefined && size !== 8n * BigInt(end - begin))
      this.wrong.add(`${short(name)}: its shape and dtype are not ${end - begin} bytes`);
    this.ranges.push([begin, end]);
    this.end = Math.max(this.end, end);
  }

  /** Each tensor begins where the one before it ends: no hole, no overlap. */
  problems(): readonly string[] {
    this.ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    let at = 0;
    for (const [begin, end] of this.ranges) {
      if (begin !== at)
        this.wrong.add(begin < at ? `tensors overlap at ${begin}` : `a hole at ${at} of ${begin - at} bytes`);
      at = end;
    }
    return [...this.wrong].slice(0, 20);
  }
}

function short(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
