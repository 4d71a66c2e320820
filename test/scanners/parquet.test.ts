// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { ARROW } from '#scanners/flatbuffers/arrow-schema.ts';
import { FEATHER } from '#scanners/flatbuffers/feather-schema.ts';
import { type Fields, flatbuffer } from './flatbuffers-bytes.ts';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw, u32, u64 } from './pickle-bytes.ts';

/** Thrift's compact protocol: a field whose id is `delta` more than the one before. */
const integer = (delta: number, value: number) => raw((delta << 4) | 6, varint(value * 2));
const binary = (delta: number, value: Uint8Array) => raw((delta << 4) | 8, varint(value.length), value);
const struct = (delta: number, ...fields: Uint8Array[]) => raw((delta << 4) | 12, ...fields, 0);
const structs = (delta: number, ...items: Uint8Array[]) => raw((delta << 4) | 9, (items.length << 4) | 12, ...items);
function varint(value: number): Buffer {
  return value < 128 ? raw(value) : raw((value & 127) | 128, varint(value >> 7));
}

const schema = (name?: string, more: Fields = {}): Fields => ({
  fields: [
    {
      name: 'x',
      type: { type: 'Int', value: { bit_width: 64 } },
      ...(name === undefined ? {} : { custom_metadata: [{ key: 'ARROW:extension:name', value: name }] }),
    },
  ],
  ...more,
});

/** A message as it stands in a file or a stream. */
function message(fields: Fields, body: Uint8Array = raw()): Buffer {
  const metadata = flatbuffer(ARROW, 'Message', { version: 4, body_length: BigInt(body.length), ...fields }, '');
  const padded = raw(metadata, Buffer.alloc((8 - (metadata.length % 8)) % 8));
  return raw(u32(0xffffffff), u32(padded.length), padded, body);
}
const schemaMessage = (name?: string) => message({ header: { type: 'Schema', value: schema(name) } });
const batch = message({ header: { type: 'RecordBatch', value: { length: 2n } } }, Buffer.alloc(16, 3));
const END = raw(u32(0xffffffff), u32(0));

const stream = (name?: string) => raw(schemaMessage(name), batch, END);
function file(name?: string, hidden: Uint8Array = raw()): Buffer {
  const footer = flatbuffer(ARROW, 'Footer', { version: 4, schema: schema(name) }, '');
  return raw('ARROW1\0\0', schemaMessage(name), batch, END, hidden, footer, u32(footer.length), 'ARROW1');
}

/** As Polars writes it: the first message stands without its length, and readers go by the footer's blocks. */
function polars(name?: string, first: Fields = { header: { type: 'Schema', value: schema(name) } }): Buffer {
  const metadata = flatbuffer(ARROW, 'Message', { version: 4, body_length: 0n, ...first }, '');
  const padded = raw(metadata, Buffer.alloc((8 - (metadata.length % 8)) % 8));
  const block = raw(u64(8 + padded.length), u32(batch.length - 16), u32(0), u64(16));
  const footer = flatbuffer(ARROW, 'Footer', { version: 4, schema: schema(name), record_batches: [block] }, '');
  return raw('ARROW1\0\0', padded, batch, END, footer, u32(footer.length), 'ARROW1');
}

function feather(hidden: Uint8Array = raw()): Buffer {
  const values = { type: 3, offset: 8n, length: 2n, total_bytes: 16n };
  const table = flatbuffer(FEATHER, 'CTable', { num_rows: 2n, columns: [{ name: 'x', values }], version: 2 }, '');
  return raw('FEA1', u32(0), Buffer.alloc(16, 5), hidden, table, u32(table.length), 'FEA1');
}

interface ParquetSpec {
  readonly name?: string;
  readonly gap?: Uint8Array;
  readonly size?: number;
  readonly path?: string;
}
function parquet({ name, gap = raw(), size = 32, path }: ParquetSpec = {}): Buffer {
  const metadata = struct(3, integer(7, size), integer(2, 4));
  // Field 1 is the path of another file; then field 3 is two more.
  const chunk =
    path === undefined ? raw(metadata, 0) : raw(binary(1, raw(path)), (2 << 4) | 12, metadata.subarray(1), 0);
  const group = raw(structs(1, chunk), 0);
  const pair = raw(binary(1, raw('ARROW:schema')), binary(1, raw(schemaMessage(name).toString('base64'))), 0);
  const footer = raw(integer(1, 2), structs(3, group), structs(1, pair), 0);
  return raw('PAR1', Buffer.alloc(32, 9), gap, footer, u32(footer.length), 'PAR1');
}

test.each([
  ['a Parquet file', parquet(), 'data.parquet', 'parquet'],
  ['a Parquet file with a known extension', parquet({ name: 'arrow.uuid' }), 'data.parquet', 'parquet'],
  ['an Arrow file', file(), 'data.arrow', 'arrow'],
  ['an Arrow file of Polars', polars(), 'data.arrow', 'arrow'],
  ['a Feather file of version 1', feather(), 'data.feather', 'feather'],
  ['an Arrow stream', stream(), 'data.arrow', 'arrow-stream'],
  [
    'an Arrow stream of datasets',
    stream('datasets.features.features.Array2DExtensionType'),
    'data.arrow',
    'arrow-stream',
  ],
])('%s passes', async (_what, bytes, path, format) => {
  expect(await judged(bytes, path)).toEqual({ format, verdict: 'pass', findings: [] });
});

describe('a table in columns', () => {
  test.each([
    // CVE-2023-47248: the type of the column is a pickle.
    ['a pickled type', parquet({ name: 'arrow.py_extension_type' }), 'a.parquet', ['arrow-extension'], 'block'],
    ['a pickled type in a file', file('arrow.py_extension_type'), 'a.arrow', ['arrow-extension'], 'block'],
    ['a pickled type in a stream', stream('arrow.py_extension_type'), 'a.arrow', ['arrow-extension'], 'block'],
    ['a pickled type in a file of Polars', polars('arrow.py_extension_type'), 'a.arrow', ['arrow-extension'], 'block'],
    ['something else where Polars has the schema', polars(undefined, {}), 'a.arrow', ['arrow-malformed'], 'review'],
    ['a pickle in a Feather file', feather(callPickle('os', 'system')), 'a.feather', ['trailing-payload'], 'block'],
    ['a Feather file that is cut off', feather().subarray(0, -1), 'a.feather', ['feather-malformed'], 'review'],
    ['pickled values', stream('ray.data.arrow_pickled_object'), 'a.arrow', ['arrow-extension'], 'block'],
    [
      'a pickle between the columns and the footer',
      parquet({ gap: callPickle('os', 'system') }),
      'a.parquet',
      expect.arrayContaining(['trailing-payload']),
      'block',
    ],
    ['a column beyond the footer', parquet({ size: 4000 }), 'a.parquet', ['parquet-malformed'], 'review'],
    ['a column in another file', parquet({ path: '../a' }), 'a.parquet', ['parquet-file'], 'review'],
    ['a footer that is cut off', parquet().subarray(0, -2), 'a.parquet', ['parquet-malformed'], 'review'],
    ['bytes between messages and footer', file(undefined, raw('hidden..')), 'a.arrow', ['arrow-malformed'], 'review'],
    ['a pickle behind a stream', raw(stream(), callPickle('os', 'system')), 'a.arrow', ['trailing-payload'], 'block'],
  ])('with %s does not pass', async (_what, bytes, path, rules, verdict) => {
    expect(await rulesOf(bytes, path)).toEqual(rules);
    expect((await judged(bytes, path)).verdict).toBe(verdict);
  });

  test('gives these facts', async () => {
    expect(await factsOf(parquet({ name: 'my.ext' }))).toMatchObject({
      format: 'parquet',
      problems: [],
      uses: [{ scheme: 'arrow-extension', name: 'my.ext', at: 'the Arrow schema, field "x"' }],
    });
  });
});
