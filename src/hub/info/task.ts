// SPDX-License-Identifier: Apache-2.0
import type { RepoPath } from '#src/domain/path.ts';
import type { Release } from '#src/domain/release.ts';
import type { Card } from './card.ts';
import type { ModelConfig } from './config.ts';
import { given, word } from './plain.ts';

/** How transformers loads a model. */
export interface TransformersInfo {
  auto_model: string;
  pipeline_tag?: string;
  processor?: string;
  custom_class?: string;
}

/** Which library reads a model and what the model does: as its card says, else as its files leave no doubt. */
export interface Task {
  library?: string;
  pipeline?: string;
  transformers?: TransformersInfo;
}

type Row = readonly [ending: RegExp, auto: string, pipeline: string, processor: string];

/** What the name of an architecture in transformers says. A name that says too little is in no row. */
const ARCHITECTURES: readonly Row[] = [
  [/(ForCausalLM|LMHeadModel)$/, 'AutoModelForCausalLM', 'text-generation', 'AutoTokenizer'],
  [/ForMaskedLM$/, 'AutoModelForMaskedLM', 'fill-mask', 'AutoTokenizer'],
  [/ForSequenceClassification$/, 'AutoModelForSequenceClassification', 'text-classification', 'AutoTokenizer'],
  [/ForTokenClassification$/, 'AutoModelForTokenClassification', 'token-classification', 'AutoTokenizer'],
  [/ForQuestionAnswering$/, 'AutoModelForQuestionAnswering', 'question-answering', 'AutoTokenizer'],
  [/ForMultipleChoice$/, 'AutoModelForMultipleChoice', 'multiple-choice', 'AutoTokenizer'],
  [/ForImageClassification$/, 'AutoModelForImageClassification', 'image-classification', 'AutoImageProcessor'],
  [/ForObjectDetection$/, 'AutoModelForObjectDetection', 'object-detection', 'AutoImageProcessor'],
  [/ForSemanticSegmentation$/, 'AutoModelForSemanticSegmentation', 'image-segmentation', 'AutoImageProcessor'],
  [/ForDepthEstimation$/, 'AutoModelForDepthEstimation', 'depth-estimation', 'AutoImageProcessor'],
  [/ForVideoClassification$/, 'AutoModelForVideoClassification', 'video-classification', 'AutoImageProcessor'],
  [/ForCTC$/, 'AutoModelForCTC', 'automatic-speech-recognition', 'AutoProcessor'],
  [/ForSpeechSeq2Seq$/, 'AutoModelForSpeechSeq2Seq', 'automatic-speech-recognition', 'AutoProcessor'],
  [/^WhisperForConditionalGeneration$/, 'AutoModelForSpeechSeq2Seq', 'automatic-speech-recognition', 'AutoProcessor'],
  [
    /^(Bert|Roberta|XLMRoberta|DistilBert|MPNet|Electra|Albert)Model$/,
    'AutoModel',
    'feature-extraction',
    'AutoTokenizer',
  ],
  [
    /^(CLIP|Siglip)Model$/,
    'AutoModelForZeroShotImageClassification',
    'zero-shot-image-classification',
    'AutoProcessor',
  ],
];

const TEXT_TO_IMAGE = /^(StableDiffusion(XL|3)?|Flux|PixArtAlpha|PixArtSigma)Pipeline$/;

export function taskOf({ files }: Release, card: Card | undefined, config: ModelConfig | undefined): Task {
  const library = word(card?.library_name) ?? libraryOf(config, (path) => files.has(path as RepoPath));
  const transformers = library === 'transformers' && config ? transformersOf(config) : undefined;
  const pipeline = word(card?.pipeline_tag) ?? transformers?.pipeline_tag ?? pipelineOf(library, config);
  return given({ library, pipeline, transformers });
}

function libraryOf(config: ModelConfig | undefined, has: (path: string) => boolean): string | undefined {
  if (config?.diffusers) return 'diffusers';
  if (has('modules.json') && has('config_sentence_transformers.json')) return 'sentence-transformers';
  if (config?.model_type !== undefined || config?.architectures !== undefined) return 'transformers';
  return config?.peft ? 'peft' : undefined;
}

function transformersOf({ architectures = [], auto_map = {} }: ModelConfig): TransformersInfo | undefined {
  const [architecture] = architectures;
  const row = architecture === undefined ? undefined : ARCHITECTURES.find(([ending]) => ending.test(architecture));
  if (!row) return undefined;
  const [, auto_model, pipeline_tag, processor] = row;
  const custom = Object.entries(auto_map).find(([auto]) => auto === auto_model)?.[1];
  return given({ auto_model, custom_class: custom, pipeline_tag, processor });
}

function pipelineOf(library: string | undefined, config: ModelConfig | undefined): string | undefined {
  if (library === 'sentence-transformers') return 'sentence-similarity';
  return TEXT_TO_IMAGE.test(config?.diffusers?._class_name ?? '') ? 'text-to-image' : undefined;
}
