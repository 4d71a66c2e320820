// SPDX-License-Identifier: Apache-2.0
import { parseSchema } from '../schema.ts';

/** `paddle/phi/core/framework/framework.proto`, as of PaddlePaddle 3.3; `op_compatible_map` is of 1.x. */
export const PADDLE = parseSchema(`
ProgramDesc: 1 blocks BlockDesc*; 3 op_compatible_map OpCompatibleMap; 4 version Version; 5 op_version_map OpVersionMap
BlockDesc: 1 idx int; 2 parent_idx int; 3 vars VarDesc*; 4 ops OpDesc*; 5 forward_block_idx int
Version: 1 version int
OpVersionMap: 1 pair OpVersionMap.OpVersionPair*
VarDesc: 1 name text; 2 type VarType; 3 persistable int; 4 need_check_feed int; 5 is_parameter int; 6 stop_gradient int; 7 attrs VarDesc.Attr*
OpDesc: 1 inputs OpDesc.Var*; 2 outputs OpDesc.Var*; 3 type text; 4 attrs OpDesc.Attr*; 5 is_target int
OpVersionMap.OpVersionPair: 1 op_name text; 2 op_version OpVersion
VarType: 1 type int; 2 selected_rows VarType.TensorDesc; 3 dense_tensor VarType.DenseTensorDesc; 4 tensor_array VarType.DenseTensorArrayDesc; 5 reader VarType.ReaderDesc; 7 tuple VarType.Tuple; 8 string VarType.TensorDesc; 9 strings VarType.TensorDesc; 10 vocab VarType.TensorDesc; 11 sparse_coo VarType.TensorDesc; 12 sparse_csr VarType.TensorDesc
VarDesc.Attr: 1 name text; 2 type int; 3 i int; 4 s text; 5 ints int*
OpDesc.Var: 1 parameter text; 2 arguments text*
OpDesc.Attr: 1 name text; 2 type int; 3 i int; 4 f f32; 5 s text; 6 ints int*; 7 floats f32*; 8 strings text*; 10 b int; 11 bools int*; 12 block_idx int; 13 l int; 14 blocks_idx int*; 15 longs int*; 16 float64s f64*; 17 var_name text; 18 vars_name text*; 19 float64 f64; 20 scalar Scalar; 21 scalars Scalar*
OpVersion: 1 version int
VarType.TensorDesc: 1 data_type int; 2 dims int*
VarType.DenseTensorDesc: 1 tensor VarType.TensorDesc; 2 legacy_lod_level int
VarType.DenseTensorArrayDesc: 1 tensor VarType.TensorDesc; 2 legacy_lod_level int
VarType.ReaderDesc: 1 dense_tensor VarType.DenseTensorDesc*
VarType.Tuple: 1 element_type int*
Scalar: 1 type int; 2 b int; 3 i int; 4 r f64; 5 c Complex
Complex: 1 r f64; 2 i f64
OpCompatibleMap: 1 pair OpCompatibleMap.OpCompatiblePair*; 2 default_required_version text
OpCompatibleMap.OpCompatiblePair: 1 op_name text; 2 compatible_info CompatibleInfo
CompatibleInfo: 1 version text; 2 type int
`);
