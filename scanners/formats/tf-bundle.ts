// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { DataClaims } from '../claims.ts';
import type { Facts } from '../facts.ts';
import { RandomBytes } from '../io/bytes.ts';
import { messageType } from '../protobuf/schema.ts';
import { TENSORFLOW } from '../protobuf/schemas/tensorflow.ts';
import { type Frame, type Listener, numberOf, walkProtobuf } from '../protobuf/walk.ts';
import { MalformedTable, readTable } from '../tensorflow/table.ts';
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';

/**
 * `tensor_bundle.h`: the index of a checkpoint (`variables.index`), a table of tensor names to where their bytes are in
 * the data files beside it. The uses say which bytes of these are tensors, for whoever sees the snapshot.
 */
export const tfBundle: Extractor = async (facts, bytes, context) => {
  const reader = new BundleReader();
  try {
    if (bytes.random === undefined) throw new MalformedTable(0, 'a large index inside an archive');
    for (const { key, value } of readTable(bytes.random)) {
      const type = messageType(TENSORFLOW, key.length === 0 ? 'BundleHeaderProto' : 'BundleEntryProto');
      await walkProtobuf(RandomBytes.ofMemory(value), type, reader, facts, context.spending);
    }
  } catch (error) {
    if (!(error instanceof MalformedTable)) throw error;
    facts.problems.push({ code: 'tf-bundle-malformed', offset: error.offset, detail: error.message });
  }
  reader.finish(facts);
};

class BundleReader implements Listener {
  readonly keep: Readonly<Record<string, number>> = {
    'BundleHeaderProto.num_shards': 0,
    'BundleEntryProto.shard_id': 0,
    'BundleEntryProto.offset': 0,
    'BundleEntryProto.size': 0,
  };
  private shards = 0;
  private readonly seen = new Set<number>();
  private readonly claims = new DataClaims();
  private broken = false;

  leave(frame: Frame): void {
    if (frame.type.name === 'BundleHeaderProto') this.shards = numberOf(frame, 'num_shards') ?? 0;
    if (frame.type.name !== 'BundleEntryProto') return;
    const shard = numberOf(frame, 'shard_id') ?? 0;
    const offset = numberOf(frame, 'offset') ?? 0;
    const size = numberOf(frame, 'size') ?? 0;
    this.seen.add(shard);
    within('facts', this.seen.size);
    if (offset < 0 || size < 0 || offset + size > 2 ** 50) this.broken = true;
    else this.claims.add(`*.data-${digits(shard)}-of-${digits(this.shards)}`, [offset, offset + size], 'the index');
  }

  finish(facts: Facts): void {
    const uses = new UseList(facts);
    const strange = [...this.seen].some((shard) => shard < 0 || shard >= this.shards);
    if (this.broken || strange)
      facts.problems.push({ code: 'tf-bundle-malformed', detail: 'a tensor lies where no data file can be' });
    this.claims.report(uses, 'tf-bundle-range');
  }
}

/** As `tensor_bundle/naming.cc` names the data files beside `<prefix>.index`. */
function digits(shard: number): string {
  return String(shard).padStart(5, '0');
}
