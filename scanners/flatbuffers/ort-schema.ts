// SPDX-License-Identifier: Apache-2.0
import { parseSchema } from './schema.ts';

/** onnxruntime/core/flatbuffers/schema/ort.fbs, in short. */
export const ORT = parseSchema(`
table Shape dim:[Dimension]
table Dimension value:DimensionValue denotation:string
table DimensionValue dim_type:i8 dim_value:i64 dim_param:string
table TensorTypeAndShape elem_type:i32 shape:Shape
table MapType key_type:i32 value_type:TypeInfo
table SequenceType elem_type:TypeInfo
table NodeEdge node_index:u32 input_edges:[EdgeEnd] output_edges:[EdgeEnd]
table Node name:string doc_string:string domain:string since_version:i32 index:u32 op_type:string type:i32
  execution_provider_type:string inputs:[string] outputs:[string] attributes:[Attribute] input_arg_counts:[i32]
  implicit_inputs:[string]
table ValueInfo name:string doc_string:string type:TypeInfo
table TypeInfo denotation:string value:TypeInfoValue
table OperatorSetId domain:string version:i64
table Tensor name:string doc_string:string dims:[i64] data_type:i32 raw_data:[u8] string_data:[string]
  external_data_offset:i64
table SparseTensor values:Tensor indices:Tensor dims:[i64]
table Attribute name:string doc_string:string type:i32 f:f32 i:i64 s:string t:Tensor g:Graph floats:[f32] ints:[i64]
  strings:[string] tensors:[Tensor] graphs:[Graph]
table NodesToOptimizeIndices node_indices:[u32] num_inputs:u32 num_outputs:u32 has_variadic_input:bool
  has_variadic_output:bool num_variadic_inputs:u32 num_variadic_outputs:u32
table DeprecatedNodeIndexAndKernelDefHash node_index:u32 kernel_def_hash:u64
table RuntimeOptimizationRecord action_id:string nodes_to_optimize_indices:NodesToOptimizeIndices
  produced_nodes:[DeprecatedNodeIndexAndKernelDefHash] produced_op_ids:[string]
table RuntimeOptimizationRecordContainerEntry optimizer_name:string
  runtime_optimization_records:[RuntimeOptimizationRecord]
table RuntimeOptimizations records:[RuntimeOptimizationRecordContainerEntry]
table Graph initializers:[Tensor] node_args:[ValueInfo] nodes:[Node] max_node_index:u32 node_edges:[NodeEdge]
  inputs:[string] outputs:[string] sparse_initializers:[SparseTensor] runtime_optimizations:RuntimeOptimizations
table StringStringEntry key:string value:string
table Model ir_version:i64 opset_import:[OperatorSetId] producer_name:string producer_version:string domain:string
  model_version:i64 doc_string:string graph:Graph graph_doc_string:string metadata_props:[StringStringEntry]
table DeprecatedKernelCreateInfos node_indices:[u32] kernel_def_hashes:[u64]
table DeprecatedSubGraphSessionState graph_id:string session_state:DeprecatedSessionState
table DeprecatedSessionState kernels:DeprecatedKernelCreateInfos
  sub_graph_session_states:[DeprecatedSubGraphSessionState]
table ArgTypeAndIndex arg_type:i8 index:u32
table KernelTypeStrArgsEntry kernel_type_str:string args:[ArgTypeAndIndex]
table OpIdKernelTypeStrArgsEntry op_id:string kernel_type_str_args:[KernelTypeStrArgsEntry]
table KernelTypeStrResolver op_kernel_type_str_args:[OpIdKernelTypeStrArgsEntry]
table InferenceSession ort_version:string model:Model session_state:DeprecatedSessionState
  kernel_type_str_resolver:KernelTypeStrResolver
union TypeInfoValue TensorTypeAndShape SequenceType MapType
struct EdgeEnd 12
`);
