// SPDX-License-Identifier: Apache-2.0
import { type Fields, MalformedHdf5 } from './file.ts';

export interface VirtualSource {
  readonly file: string;
  readonly dataset: string;
}

const SOURCES = 1_000_000;

/** The mappings of a virtual dataset (section "Global Heap Block for Virtual Datasets"). @throws MalformedHdf5 */
export function* virtualSources(fields: Fields): Generator<VirtualSource> {
  const version = fields.u8();
  if (version > 1) throw fields.broken('an unknown version of a virtual dataset');
  const count = fields.length();
  if (count > SOURCES) throw fields.broken('a virtual dataset of more sources than any has');
  const known: VirtualSource[] = [];
  for (let i = 0; i < count; i++) {
    const source = version === 0 ? { file: fields.text(), dataset: fields.text() } : sharing(fields, known);
    known.push(source);
    yield source;
    skipSelection(fields);
    skipSelection(fields);
  }
}

/** Version 1: a flag says that a name is that of an earlier mapping, or that the source is this file. */
function sharing(fields: Fields, known: readonly VirtualSource[]): VirtualSource {
  const flags = fields.u8();
  const earlier = (): VirtualSource => known[fields.length()] ?? { file: '?', dataset: '?' };
  const file = flags & 4 ? '.' : flags & 1 ? earlier().file : fields.text();
  const dataset = flags & 2 ? earlier().dataset : fields.text();
  return { file, dataset };
}

/** Section "Dataspace Selection". */
function skipSelection(fields: Fields): void {
  const type = fields.u32();
  const version = fields.u32();
  if (type === 0 || type === 3) fields.skip(8);
  else if (type === 2 && version === 3) skipHyperslabs(fields);
  else if (type === 1 && version === 2) skipPoints(fields);
  else if (version > 2 || type > 2) throw new MalformedHdf5(fields.start, 'an unknown selection');
  else {
    fields.skip(version === 2 ? 1 : 4);
    fields.skip(fields.u32());
  }
}

function skipPoints(fields: Fields): void {
  const width = fields.u8();
  const rank = fields.u32();
  fields.skip(fields.uint(width) * rank * width);
}

function skipHyperslabs(fields: Fields): void {
  const regular = fields.u8() & 1;
  const width = fields.u8();
  const rank = fields.u32();
  fields.skip(regular ? 4 * rank * width : fields.uint(width) * 2 * rank * width);
}
