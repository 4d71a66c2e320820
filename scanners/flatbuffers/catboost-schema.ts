// SPDX-License-Identifier: Apache-2.0
import { parseSchema } from './schema.ts';

/** catboost/libs/model/flatbuffers/{model,features,ctr_data}.fbs, in short. */
export const CATBOOST = parseSchema(`
table TKeyValue key:string value:string
table TModelTrees approx_dimension:i32 tree_splits:[i32] tree_sizes:[i32] tree_start_offsets:[i32]
  cat_features:[TCatFeature] float_features:[TFloatFeature] one_hot_features:[TOneHotFeature]
  ctr_features:[TCtrFeature] leaf_values:[f64] leaf_weights:[f64]
  non_symmetric_step_nodes:[TNonSymmetricTreeStepNode] non_symmetric_node_id_to_leaf_id:[u32]
  text_features:[TTextFeature] estimated_features:[TEstimatedFeature] scale:f64 bias:f64 multi_bias:[f64]
  repacked_bins:[TRepackedBin] embedding_features:[TEmbeddingFeature]
table TModelCore format_version:string model_trees:TModelTrees info_map:[TKeyValue] model_part_ids:[string]
table TFloatFeature has_nans:bool index:i32 flat_index:i32 borders:[f32] feature_id:string nan_value_treatment:i8
table TCatFeature index:i32 flat_index:i32 feature_id:string used_in_model:bool
table TTextFeature index:i32 flat_index:i32 feature_id:string used_in_model:bool
table TEmbeddingFeature index:i32 flat_index:i32 feature_id:string dimension:i32 used_in_model:bool
table TEstimatedFeature source_feature_index:i32 calcer_id:TGuid local_index:i32 borders:[f32]
  source_feature_type:i8
table TOneHotFeature index:i32 values:[i32] string_values:[string]
table TFeatureCombination cat_features:[i32] float_splits:[TFloatSplit] one_hot_splits:[TOneHotSplit]
table TModelCtrBase feature_combination:TFeatureCombination ctr_type:i8 target_border_classifier_idx:i32
table TModelCtr base:TModelCtrBase target_border_idx:i32 prior_num:f32 prior_denom:f32 shift:f32 scale:f32
table TCtrFeature ctr:TModelCtr borders:[f32]
table TCtrValueTable model_ctr_base:TModelCtrBase index_hash_raw:[u8] ctr_blob:[u8] counter_denominator:i32
  target_classes_count:i32
struct TNonSymmetricTreeStepNode 4
struct TRepackedBin 4
struct TGuid 16
struct TFloatSplit 8
struct TOneHotSplit 8
`);
