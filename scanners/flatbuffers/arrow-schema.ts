// SPDX-License-Identifier: Apache-2.0
import { parseSchema } from './schema.ts';

/** Schema.fbs, Message.fbs and File.fbs of Apache Arrow's columnar format 1.5, in short. Tensors are left out. */
export const ARROW = parseSchema(`
table FixedSizeList list_size:i32
table Map keys_sorted:bool
table Union mode:i16 type_ids:[i32]
table Int bit_width:i32 is_signed:bool
table FloatingPoint precision:i16
table FixedSizeBinary byte_width:i32
table Decimal precision:i32 scale:i32 bit_width:i32
table Date unit:i16
table Time unit:i16 bit_width:i32
table Timestamp unit:i16 timezone:string
table Interval unit:i16
table Duration unit:i16
table KeyValue key:string value:string
table DictionaryEncoding id:i64 index_type:Int is_ordered:bool dictionary_kind:i16
table Field name:string nullable:bool type:Type dictionary:DictionaryEncoding children:[Field]
  custom_metadata:[KeyValue]
table Schema endianness:i16 fields:[Field] custom_metadata:[KeyValue] features:[i64]
table BodyCompression codec:i8 method:i8
table RecordBatch length:i64 nodes:[FieldNode] buffers:[Buffer] compression:BodyCompression
  variadic_buffer_counts:[i64]
table DictionaryBatch id:i64 data:RecordBatch is_delta:bool
table Message version:i16 header:MessageHeader body_length:i64 custom_metadata:[KeyValue]
table Footer version:i16 schema:Schema dictionaries:[Block] record_batches:[Block] custom_metadata:[KeyValue]
union Type Null Int FloatingPoint Binary Utf8 Bool Decimal Date Time Timestamp Interval List Struct_ Union
  FixedSizeBinary FixedSizeList Map Duration LargeBinary LargeUtf8 LargeList RunEndEncoded BinaryView Utf8View
  ListView LargeListView
union MessageHeader Schema DictionaryBatch RecordBatch Tensor SparseTensor
struct Buffer 16
struct FieldNode 16
struct Block 24
empty Null Struct_ List LargeList ListView LargeListView Utf8 Binary LargeUtf8 LargeBinary Utf8View BinaryView Bool
  RunEndEncoded
`);
