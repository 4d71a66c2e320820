// SPDX-License-Identifier: Apache-2.0
import type { Bytes } from '../io/bytes.ts';
import { type Cursor, EndOfBytes } from '../io/cursor.ts';
import { PARAMETER_BYTES } from './recognise.ts';

/** A number that the format does not allow at its place. */
export class MalformedXgboost extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.name = 'MalformedXgboost';
    this.offset = offset;
  }
}

export interface XgboostListener {
  objective(name: string, offset: number): void;
  booster(name: string, offset: number): void;
  /** `start` is the beginning of the value. */
  attribute(name: string, start: Uint8Array, at: { readonly offset: number; readonly length: number }): void;
}

const NAME_BYTES = 4096;
const VALUE_BYTES = 64 * 1024;
const NODES_AT_ONCE = 4096;
const NODE_BYTES = 20;
const STATISTIC_BYTES = 16;
const DELETED = 0xffffffff;

/**
 * The binary that XGBoost wrote until version 2 (`learner.cc`, `gbtree_model.cc`, `tree_model.cc`, `gblinear_model.h`):
 * parameters, the names of objective and booster, the booster, and attributes. Returns where it ends.
 */
export class ModelReader {
  private readonly bytes: Bytes;
  private readonly cursor: Cursor;

  constructor(bytes: Bytes, cursor: Cursor) {
    this.bytes = bytes;
    this.cursor = cursor;
  }

  /** @throws MalformedXgboost, EndOfBytes */
  async read(listener: XgboostListener): Promise<number> {
    const parameters = await this.view(PARAMETER_BYTES);
    const hasAttributes = parameters.getInt32(12, true) !== 0;
    const hasMetrics = parameters.getInt32(16, true) !== 0;
    const isOld = parameters.getUint32(20, true) === 0;
    const objective = await this.name((name, offset) => listener.objective(name, offset));
    const booster = await this.name((name, offset) => listener.booster(name, offset));
    if (booster === 'gblinear') await this.linear();
    else await this.trees(booster === 'dart');
    if (hasAttributes) await this.attributes(listener);
    // Models of before 1.0 name what the attributes hold since.
    if (isOld && objective === 'count:poisson' && !(await this.cursor.atEnd())) await this.name(() => undefined);
    if (isOld && hasMetrics) for (let left = await this.count(8); left > 0; left--) await this.name(() => undefined);
    return this.cursor.offset;
  }

  private async linear(): Promise<void> {
    await this.pass(136);
    await this.pass(4 * (await this.count(4)));
  }

  private async trees(isDart: boolean): Promise<void> {
    const offset = this.cursor.offset;
    const trees = (await this.view(160)).getInt32(0, true);
    if (trees < 0 || trees > this.bytes.size) throw new MalformedXgboost(offset, `${trees} trees`);
    for (let i = 0; i < trees; i++) await this.tree();
    await this.pass(4 * trees);
    if (isDart && trees > 0) await this.pass(4 * (await this.count(4)));
  }

  private async tree(): Promise<void> {
    const offset = this.cursor.offset;
    const parameters = await this.view(148);
    const nodes = parameters.getInt32(4, true);
    if (nodes <= 0 || nodes > this.bytes.size) throw new MalformedXgboost(offset, `a tree of ${nodes} nodes`);
    if (parameters.getInt32(20, true) !== 0) throw new MalformedXgboost(offset, 'a tree with vectors for leaves');
    for (let at = 0; at < nodes; at += NODES_AT_ONCE) await this.nodes(Math.min(NODES_AT_ONCE, nodes - at), nodes);
    await this.pass(STATISTIC_BYTES * nodes);
  }

  /** Children that are no nodes of the tree would be read outside of it. */
  private async nodes(count: number, nodes: number): Promise<void> {
    const offset = this.cursor.offset;
    const view = await this.view(count * NODE_BYTES);
    for (let at = 0; at < view.byteLength; at += NODE_BYTES) {
      if (view.getUint32(at + 12, true) === DELETED) continue;
      const left = view.getInt32(at + 4, true);
      const right = view.getInt32(at + 8, true);
      if (left < -1 || left >= nodes || (left >= 0 && (right < 0 || right >= nodes)))
        throw new MalformedXgboost(offset + at, `a node whose children are ${left} and ${right} of ${nodes}`);
    }
  }

  private async attributes(listener: XgboostListener): Promise<void> {
    for (let left = await this.count(16); left > 0; left--) {
      const name = await this.name(() => undefined);
      const length = await this.count(1);
      const at = { offset: this.cursor.offset, length };
      const start = await this.bytesOf(Math.min(length, VALUE_BYTES));
      await this.pass(length - start.length);
      listener.attribute(name, start, at);
    }
  }

  private async name(tell: (name: string, offset: number) => void): Promise<string> {
    const length = await this.count(1);
    const offset = this.cursor.offset;
    if (length > NAME_BYTES) throw new MalformedXgboost(offset, `a name of ${length} bytes`);
    const name = Buffer.from(await this.bytesOf(length)).toString('utf8');
    tell(name, offset);
    return name;
  }

  /** How many items of at least `size` bytes follow. */
  private async count(size: number): Promise<number> {
    const offset = this.cursor.offset;
    const count = (await this.view(8)).getBigUint64(0, true);
    if (count > BigInt(Math.floor(this.bytes.size / size)))
      throw new MalformedXgboost(offset, `${count} items in a file of ${this.bytes.size} bytes`);
    return Number(count);
  }

  private async bytesOf(length: number): Promise<Uint8Array> {
    if (!(await this.cursor.fill(length))) throw new EndOfBytes(this.bytes.size);
    return this.cursor.take(length);
  }

  private async view(length: number): Promise<DataView> {
    const bytes = await this.bytesOf(length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  private async pass(length: number): Promise<void> {
    if (!(await this.cursor.skip(length))) throw new EndOfBytes(this.bytes.size);
  }
}
