// SPDX-License-Identifier: Apache-2.0
import { parseSchema } from './schema.ts';

/** schema/program.fbs of ExecuTorch 1.5, in short. */
export const PROGRAM = parseSchema(`
table ContainerMetadata encoded_inp_str:string encoded_out_str:string
table AllocationDetails memory_id:u32 memory_offset_low:u32 memory_offset_high:u32
table ExtraTensorInfo mutable_data_segments_idx:u64 fully_qualified_name:string location:i8 device_type:i8
  device_index:i8
table Tensor scalar_type:i8 storage_offset:i32 sizes:[i32] dim_order:[u8] requires_grad:bool data_buffer_idx:u32
  allocation_info:AllocationDetails layout:i8 shape_dynamism:i8 extra_tensor_info:ExtraTensorInfo
table Int int_val:i64
table Bool bool_val:bool
table Double double_val:f64
table String string_val:string
table IntList items:[i64]
table DoubleList items:[f64]
table BoolList items:[bool]
table TensorList items:[i32]
table OptionalTensorList items:[i32]
table EValue val:KernelTypes
table Operator name:string overload:string
table KernelCall op_index:i32 args:[i32]
table DelegateCall delegate_index:i32 args:[i32]
table MoveCall move_from:i32 move_to:i32
table JumpFalseCall cond_value_index:i32 destination_instruction:i32
table FreeCall value_index:i32
table Instruction instr_args:InstructionArguments
table Frame filename:string lineno:i32 name:string context:string
table FrameList items:[Frame]
table BackendDelegateDataReference location:i8 index:u32
table CompileSpec key:string value:[u8]
table BackendDelegate id:string processed:BackendDelegateDataReference compile_specs:[CompileSpec]
table Chain inputs:[i32] outputs:[i32] instructions:[Instruction] stacktrace:[FrameList]
table ExecutionPlan name:string container_meta_type:ContainerMetadata values:[EValue] inputs:[i32] outputs:[i32]
  chains:[Chain] operators:[Operator] delegates:[BackendDelegate] non_const_buffer_sizes:[i64]
  non_const_buffer_device:[NonConstBufferDevice]
table NonConstBufferDevice buffer_idx:i32 device_type:i8 device_index:i8
table Buffer storage:[u8]
table BackendDelegateInlineData data:[u8]
table DataSegment offset:u64 size:u64
table SubsegmentOffsets segment_index:u32 offsets:[u64]
table NamedData key:string segment_index:u32
table Program version:u32 execution_plan:[ExecutionPlan] constant_buffer:[Buffer]
  backend_delegate_data:[BackendDelegateInlineData] segments:[DataSegment] constant_segment:SubsegmentOffsets
  mutable_data_segments:[SubsegmentOffsets] named_data:[NamedData]
union KernelTypes Null Int Bool Double Tensor String IntList DoubleList BoolList TensorList OptionalTensorList
union InstructionArguments KernelCall DelegateCall MoveCall JumpFalseCall FreeCall
empty Null
`);

/** extension/flat_tensor/serialize/flat_tensor.fbs: data that programs share. */
export const FLAT_TENSOR = parseSchema(`
table TensorLayout scalar_type:i8 sizes:[i32] dim_order:[u8]
table DataSegment offset:u64 size:u64
table NamedData key:string segment_index:u32 tensor_layout:TensorLayout
table FlatTensor version:u32 segments:[DataSegment] named_data:[NamedData]
`);
