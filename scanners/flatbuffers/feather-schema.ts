// SPDX-License-Identifier: Apache-2.0
import { parseSchema } from './schema.ts';

/** feather.fbs: the metadata of Feather files of version 1. */
export const FEATHER = parseSchema(`
table PrimitiveArray type:i8 encoding:i8 offset:i64 length:i64 null_count:i64 total_bytes:i64
table CategoryMetadata levels:PrimitiveArray ordered:bool
table TimestampMetadata unit:i8 timezone:string
table TimeMetadata unit:i8
table Column name:string values:PrimitiveArray metadata:TypeMetadata user_metadata:string
table CTable description:string num_rows:i64 columns:[Column] version:i32 metadata:string
union TypeMetadata CategoryMetadata TimestampMetadata DateMetadata TimeMetadata
empty DateMetadata
`);
