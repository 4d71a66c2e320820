// SPDX-License-Identifier: Apache-2.0
import { parseSchema } from '../schema.ts';

/** What TFRecord files hold: `Event` (TensorBoard) and `Example`, as of TensorFlow 2.21. */
export const TFRECORD = parseSchema(`
Event: 1 wall_time f64; 2 step int; 3 file_version text; 4 graph_def bytes; 5 summary Summary; 6 log_message LogMessage; 7 session_log SessionLog; 8 tagged_run_metadata TaggedRunMetadata; 9 meta_graph_def bytes; 10 source_metadata SourceMetadata
Example: 1 features Features
SequenceExample: 1 context Features; 2 feature_lists FeatureLists
Summary: 1 value Summary.Value*
LogMessage: 1 level int; 2 message text
SessionLog: 1 status int; 2 checkpoint_path text; 3 msg text
TaggedRunMetadata: 1 tag text; 2 run_metadata bytes
SourceMetadata: 1 writer text
Features: 1 feature Features.FeatureEntry*
FeatureLists: 1 feature_list FeatureLists.FeatureListEntry*
Summary.Value: 1 tag text; 2 simple_value f32; 3 obsolete_old_style_histogram bytes; 4 image Summary.Image; 5 histo HistogramProto; 6 audio Summary.Audio; 7 node_name text; 8 tensor TensorProto; 9 metadata SummaryMetadata
Features.FeatureEntry: 1 key text; 2 value Feature
FeatureLists.FeatureListEntry: 1 key text; 2 value FeatureList
SummaryMetadata: 1 plugin_data SummaryMetadata.PluginData; 2 display_name text; 3 summary_description text; 4 data_class int
Summary.Image: 1 height int; 2 width int; 3 colorspace int; 4 encoded_image_string bytes
HistogramProto: 1 min f64; 2 max f64; 3 num f64; 4 sum f64; 5 sum_squares f64; 6 bucket_limit f64*; 7 bucket f64*
Summary.Audio: 1 sample_rate f32; 2 num_channels int; 3 length_frames int; 4 encoded_audio_string bytes; 5 content_type text
TensorProto: 1 dtype int; 2 tensor_shape TensorShapeProto; 3 version_number int; 4 tensor_content bytes; 5 float_val f32*; 6 double_val f64*; 7 int_val int*; 8 string_val bytes*; 9 scomplex_val f32*; 10 int64_val int*; 11 bool_val int*; 12 dcomplex_val f64*; 13 half_val int*; 14 resource_handle_val ResourceHandleProto*; 15 variant_val VariantTensorDataProto*; 16 uint32_val int*; 17 uint64_val int*; 18 float8_val bytes
Feature: 1 bytes_list BytesList; 2 float_list FloatList; 3 int64_list Int64List
FeatureList: 1 feature Feature*
SummaryMetadata.PluginData: 1 plugin_name text; 2 content bytes
TensorShapeProto: 2 dim TensorShapeProto.Dim*; 3 unknown_rank int
ResourceHandleProto: 1 device text; 2 container text; 3 name text; 4 hash_code int; 5 maybe_type_name text; 6 dtypes_and_shapes ResourceHandleProto.DtypeAndShape*
VariantTensorDataProto: 1 type_name text; 2 metadata bytes; 3 tensors TensorProto*
BytesList: 1 value bytes*
FloatList: 1 value f32*
Int64List: 1 value int*
TensorShapeProto.Dim: 1 size int; 2 name text
ResourceHandleProto.DtypeAndShape: 1 dtype int; 2 shape TensorShapeProto
`);
