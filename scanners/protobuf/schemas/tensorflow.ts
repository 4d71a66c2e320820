// SPDX-License-Identifier: Apache-2.0
import { parseSchema } from '../schema.ts';

/** SavedModel, graphs, tensor bundles and fingerprints: `tensorflow/core`, as of TensorFlow 2.21. */
export const TENSORFLOW = parseSchema(`
SavedModel: 1 saved_model_schema_version int; 2 meta_graphs MetaGraphDef*
BundleHeaderProto: 1 num_shards int; 2 endianness int; 3 version VersionDef
BundleEntryProto: 1 dtype int; 2 shape TensorShapeProto; 3 shard_id int; 4 offset int; 5 size int; 6 crc32c f32; 7 slices TensorSliceProto*
FingerprintDef: 1 saved_model_checksum int; 2 graph_def_program_hash int; 3 signature_def_hash int; 4 saved_object_graph_hash int; 5 checkpoint_hash int; 6 version VersionDef; 7 uuid text
MetaGraphDef: 1 meta_info_def MetaGraphDef.MetaInfoDef; 2 graph_def GraphDef; 3 saver_def SaverDef; 4 collection_def MetaGraphDef.CollectionDefEntry*; 5 signature_def MetaGraphDef.SignatureDefEntry*; 6 asset_file_def AssetFileDef*; 7 object_graph_def SavedObjectGraph
VersionDef: 1 producer int; 2 min_consumer int; 3 bad_consumers int*
TensorShapeProto: 2 dim TensorShapeProto.Dim*; 3 unknown_rank int
TensorSliceProto: 1 extent TensorSliceProto.Extent*
MetaGraphDef.MetaInfoDef: 1 meta_graph_version text; 2 stripped_op_list OpList; 3 any_info Any; 4 tags text*; 5 tensorflow_version text; 6 tensorflow_git_version text; 7 stripped_default_attrs int; 8 function_aliases MetaGraphDef.MetaInfoDef.FunctionAliasesEntry*
GraphDef: 1 node NodeDef*; 2 library FunctionDefLibrary; 3 version int; 4 versions VersionDef; 5 debug_info GraphDebugInfo
SaverDef: 1 filename_tensor_name text; 2 save_tensor_name text; 3 restore_op_name text; 4 max_to_keep int; 5 sharded int; 6 keep_checkpoint_every_n_hours f32; 7 version int
MetaGraphDef.CollectionDefEntry: 1 key text; 2 value CollectionDef
MetaGraphDef.SignatureDefEntry: 1 key text; 2 value SignatureDef
AssetFileDef: 1 tensor_info TensorInfo; 2 filename text
SavedObjectGraph: 1 nodes SavedObject*; 2 concrete_functions SavedObjectGraph.ConcreteFunctionsEntry*
TensorShapeProto.Dim: 1 size int; 2 name text
TensorSliceProto.Extent: 1 start int; 2 length int
OpList: 1 op OpDef*
Any: 1 type_url text; 2 value bytes
MetaGraphDef.MetaInfoDef.FunctionAliasesEntry: 1 key text; 2 value text
NodeDef: 1 name text; 2 op text; 3 input text*; 4 device text; 5 attr NodeDef.AttrEntry*; 6 experimental_debug_info NodeDef.ExperimentalDebugInfo; 7 experimental_type FullTypeDef
FunctionDefLibrary: 1 function FunctionDef*; 2 gradient GradientDef*; 3 registered_gradients RegisteredGradient*
GraphDebugInfo: 1 files text*; 2 traces GraphDebugInfo.TracesEntry*; 4 frames_by_id GraphDebugInfo.FramesByIdEntry*; 5 name_to_trace_id GraphDebugInfo.NameToTraceIdEntry*; 6 traces_by_id GraphDebugInfo.TracesByIdEntry*
CollectionDef: 1 node_list CollectionDef.NodeList; 2 bytes_list CollectionDef.BytesList; 3 int64_list CollectionDef.Int64List; 4 float_list CollectionDef.FloatList; 5 any_list CollectionDef.AnyList
SignatureDef: 1 inputs SignatureDef.InputsEntry*; 2 outputs SignatureDef.OutputsEntry*; 3 method_name text; 4 defaults SignatureDef.DefaultsEntry*
TensorInfo: 1 name text; 2 dtype int; 3 tensor_shape TensorShapeProto; 4 coo_sparse TensorInfo.CooSparse; 5 composite_tensor TensorInfo.CompositeTensor
SavedObject: 1 children TrackableObjectGraph.TrackableObject.ObjectReference*; 3 slot_variables TrackableObjectGraph.TrackableObject.SlotVariableReference*; 4 user_object SavedUserObject; 5 asset SavedAsset; 6 function SavedFunction; 7 variable SavedVariable; 8 bare_concrete_function SavedBareConcreteFunction; 9 constant SavedConstant; 10 resource SavedResource; 11 saveable_objects SavedObject.SaveableObjectsEntry*; 12 captured_tensor CapturedTensor; 13 registered_name text; 14 serialized_user_proto Any; 15 dependencies TrackableObjectGraph.TrackableObject.ObjectReference*; 16 registered_saver text
SavedObjectGraph.ConcreteFunctionsEntry: 1 key text; 2 value SavedConcreteFunction
OpDef: 1 name text; 2 input_arg OpDef.ArgDef*; 3 output_arg OpDef.ArgDef*; 4 attr OpDef.AttrDef*; 5 summary text; 6 description text; 8 deprecation OpDeprecation; 16 is_aggregate int; 17 is_stateful int; 18 is_commutative int; 19 allows_uninitialized_input int; 20 control_output text*; 21 is_distributed_communication int
NodeDef.AttrEntry: 1 key text; 2 value AttrValue
NodeDef.ExperimentalDebugInfo: 1 original_node_names text*; 2 original_func_names text*
FullTypeDef: 1 type_id int; 2 args FullTypeDef*; 3 s text; 4 i int
FunctionDef: 1 signature OpDef; 3 node_def NodeDef*; 4 ret FunctionDef.RetEntry*; 5 attr FunctionDef.AttrEntry*; 6 control_ret FunctionDef.ControlRetEntry*; 7 arg_attr FunctionDef.ArgAttrEntry*; 8 resource_arg_unique_id FunctionDef.ResourceArgUniqueIdEntry*
GradientDef: 1 function_name text; 2 gradient_func text
RegisteredGradient: 1 gradient_func text; 2 registered_op_type text
GraphDebugInfo.FramesByIdEntry: 1 key f64; 2 value GraphDebugInfo.FileLineCol
GraphDebugInfo.TracesByIdEntry: 1 key f64; 2 value GraphDebugInfo.StackTrace
GraphDebugInfo.TracesEntry: 1 key text; 2 value GraphDebugInfo.StackTrace
GraphDebugInfo.NameToTraceIdEntry: 1 key text; 2 value f64
CollectionDef.NodeList: 1 value text*
CollectionDef.BytesList: 1 value bytes*
CollectionDef.Int64List: 1 value int*
CollectionDef.FloatList: 1 value f32*
CollectionDef.AnyList: 1 value Any*
SignatureDef.InputsEntry: 1 key text; 2 value TensorInfo
SignatureDef.OutputsEntry: 1 key text; 2 value TensorInfo
SignatureDef.DefaultsEntry: 1 key text; 2 value TensorProto
TensorInfo.CooSparse: 1 values_tensor_name text; 2 indices_tensor_name text; 3 dense_shape_tensor_name text
TensorInfo.CompositeTensor: 1 type_spec TypeSpecProto; 2 components TensorInfo*
TrackableObjectGraph.TrackableObject.ObjectReference: 1 node_id int; 2 local_name text
TrackableObjectGraph.TrackableObject.SlotVariableReference: 1 original_variable_node_id int; 2 slot_name text; 3 slot_variable_node_id int
SavedUserObject: 1 identifier text; 2 version VersionDef; 3 metadata text
SavedAsset: 1 asset_file_def_index int
SavedFunction: 1 concrete_functions text*; 2 function_spec FunctionSpec
SavedVariable: 1 dtype int; 2 shape TensorShapeProto; 3 trainable int; 4 synchronization int; 5 aggregation int; 6 name text; 7 device text; 8 experimental_distributed_variable_components SavedVariable*
SavedBareConcreteFunction: 1 concrete_function_name text; 2 argument_keywords text*; 3 allowed_positional_arguments int; 4 function_spec FunctionSpec
SavedConstant: 1 operation text
SavedResource: 1 device text
CapturedTensor: 1 name text; 2 concrete_function text
SavedObject.SaveableObjectsEntry: 1 key text; 2 value SaveableObject
SavedConcreteFunction: 2 bound_inputs int*; 3 canonicalized_input_signature StructuredValue; 4 output_signature StructuredValue
OpDef.ArgDef: 1 name text; 2 description text; 3 type int; 4 type_attr text; 5 number_attr text; 6 type_list_attr text; 7 handle_data ResourceHandleProto.DtypeAndShape*; 16 is_ref int; 17 experimental_full_type FullTypeDef
OpDef.AttrDef: 1 name text; 2 type text; 3 default_value AttrValue; 4 description text; 5 has_minimum int; 6 minimum int; 7 allowed_values AttrValue
OpDeprecation: 1 version int; 2 explanation text
AttrValue: 1 list AttrValue.ListValue; 2 s bytes; 3 i int; 4 f f32; 5 b int; 6 type int; 7 shape TensorShapeProto; 8 tensor TensorProto; 9 placeholder text; 10 func NameAttrList
FunctionDef.AttrEntry: 1 key text; 2 value AttrValue
FunctionDef.ArgAttrEntry: 1 key int; 2 value FunctionDef.ArgAttrs
FunctionDef.ResourceArgUniqueIdEntry: 1 key int; 2 value int
FunctionDef.RetEntry: 1 key text; 2 value text
FunctionDef.ControlRetEntry: 1 key text; 2 value text
GraphDebugInfo.FileLineCol: 1 file_index int; 2 line int; 3 col int; 4 func text; 5 code text
GraphDebugInfo.StackTrace: 1 file_line_cols GraphDebugInfo.FileLineCol*; 2 frame_id f64*
TensorProto: 1 dtype int; 2 tensor_shape TensorShapeProto; 3 version_number int; 4 tensor_content bytes; 5 float_val f32*; 6 double_val f64*; 7 int_val int*; 8 string_val bytes*; 9 scomplex_val f32*; 10 int64_val int*; 11 bool_val int*; 12 dcomplex_val f64*; 13 half_val int*; 14 resource_handle_val ResourceHandleProto*; 15 variant_val VariantTensorDataProto*; 16 uint32_val int*; 17 uint64_val int*; 18 float8_val bytes
TypeSpecProto: 1 type_spec_class int; 2 type_state StructuredValue; 3 type_spec_class_name text; 4 num_flat_components int
FunctionSpec: 1 fullargspec StructuredValue; 2 is_method int; 5 input_signature StructuredValue; 6 jit_compile int
SaveableObject: 2 save_function int; 3 restore_function int
StructuredValue: 1 none_value NoneValue; 11 float64_value f64; 12 int64_value int; 13 string_value text; 14 bool_value int; 31 tensor_shape_value TensorShapeProto; 32 tensor_dtype_value int; 33 tensor_spec_value TensorSpecProto; 34 type_spec_value TypeSpecProto; 35 bounded_tensor_spec_value BoundedTensorSpecProto; 51 list_value ListValue; 52 tuple_value TupleValue; 53 dict_value DictValue; 54 named_tuple_value NamedTupleValue; 55 tensor_value TensorProto; 56 numpy_value TensorProto
ResourceHandleProto.DtypeAndShape: 1 dtype int; 2 shape TensorShapeProto
AttrValue.ListValue: 2 s bytes*; 3 i int*; 4 f f32*; 5 b int*; 6 type int*; 7 shape TensorShapeProto*; 8 tensor TensorProto*; 9 func NameAttrList*
NameAttrList: 1 name text; 2 attr NameAttrList.AttrEntry*
FunctionDef.ArgAttrs: 1 attr FunctionDef.ArgAttrs.AttrEntry*
ResourceHandleProto: 1 device text; 2 container text; 3 name text; 4 hash_code int; 5 maybe_type_name text; 6 dtypes_and_shapes ResourceHandleProto.DtypeAndShape*
VariantTensorDataProto: 1 type_name text; 2 metadata bytes; 3 tensors TensorProto*
NoneValue:
TensorSpecProto: 1 name text; 2 shape TensorShapeProto; 3 dtype int
BoundedTensorSpecProto: 1 name text; 2 shape TensorShapeProto; 3 dtype int; 4 minimum TensorProto; 5 maximum TensorProto
ListValue: 1 values StructuredValue*
TupleValue: 1 values StructuredValue*
DictValue: 1 fields DictValue.FieldsEntry*
NamedTupleValue: 1 name text; 2 values PairValue*
NameAttrList.AttrEntry: 1 key text; 2 value AttrValue
FunctionDef.ArgAttrs.AttrEntry: 1 key text; 2 value AttrValue
DictValue.FieldsEntry: 1 key text; 2 value StructuredValue
PairValue: 1 key text; 2 value StructuredValue
SavedMetadata: 1 nodes KerasObject*
KerasObject: 2 node_id int; 3 node_path text; 4 identifier text; 5 metadata text; 6 version VersionDef
`);
