// SPDX-License-Identifier: Apache-2.0
import type { Contents } from './contents.ts';
import { given, jsonRecord, record, text, word, words } from './plain.ts';

/** The words of a model's configuration files that clients choose a class, a template or a loader by. */
export interface ModelConfig {
  architectures?: string[];
  model_type?: string;
  auto_map?: Record<string, string>;
  quantization_config?: { quant_method?: string; bits?: number; load_in_4bit?: boolean; load_in_8bit?: boolean };
  tokenizer_config?: Record<string, unknown>;
  chat_template_jinja?: string;
  diffusers?: { _class_name: string };
  peft?: { base_model_name_or_path?: string; task_type?: string };
}

/** A longer template is not shown. */
const MAX_TEMPLATE = 128 * 1024;
const MAX_ITEMS = 64;
const SPECIAL_TOKENS = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/** Undefined where the repo has no configuration that anybody reads. */
export async function readConfig({ text: read }: Pick<Contents, 'text'>): Promise<ModelConfig | undefined> {
  const [config, tokenizer, adapter, pipeline] = [
    jsonRecord(await read('config.json')),
    jsonRecord(await read('tokenizer_config.json')),
    jsonRecord(await read('adapter_config.json')),
    jsonRecord(await read('model_index.json')),
  ];
  const diffusers = word(pipeline?._class_name);
  const found: ModelConfig = given({
    ...(config && ofModel(config)),
    tokenizer_config: tokenizer && unlessEmpty(ofTokenizer(tokenizer)),
    chat_template_jinja: template(await read('chat_template.jinja')),
    diffusers: diffusers === undefined ? undefined : { _class_name: diffusers },
    peft: adapter && unlessEmpty(ofAdapter(adapter)),
  });
  return config || Object.keys(found).length > 0 ? found : undefined;
}

function ofModel(config: Record<string, unknown>): ModelConfig {
  const quantized = record(config.quantization_config);
  const map = Object.entries(record(config.auto_map) ?? {}).filter(
    (entry): entry is [string, string] => word(entry[0]) !== undefined && word(entry[1]) !== undefined,
  );
  return given({
    architectures: Array.isArray(config.architectures) ? words(config.architectures).slice(0, MAX_ITEMS) : undefined,
    auto_map: map.length > 0 ? Object.fromEntries(map.slice(0, MAX_ITEMS)) : undefined,
    model_type: word(config.model_type),
    quantization_config: quantized && unlessEmpty(ofQuantization(quantized)),
  });
}

function ofQuantization(quantized: Record<string, unknown>): NonNullable<ModelConfig['quantization_config']> {
  const flag = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined);
  return given({
    bits: typeof quantized.bits === 'number' ? quantized.bits : undefined,
    load_in_4bit: flag(quantized.load_in_4bit),
    load_in_8bit: flag(quantized.load_in_8bit),
    quant_method: word(quantized.quant_method),
  });
}

function ofTokenizer(tokenizer: Record<string, unknown>): Record<string, unknown> {
  const tokens = SPECIAL_TOKENS.map((name) => [name, token(tokenizer[name])]);
  return given({ ...Object.fromEntries(tokens), chat_template: templates(tokenizer.chat_template) });
}

/** A string, or an object with the string and how it is matched. */
function token(value: unknown): string | Record<string, unknown> | undefined {
  if (typeof value === 'string') return word(value);
  const object = record(value);
  const content = word(object?.content);
  if (!object || content === undefined) return undefined;
  const flags = ['lstrip', 'normalized', 'rstrip', 'single_word'].filter((name) => typeof object[name] === 'boolean');
  return { __type: 'AddedToken', content, ...Object.fromEntries(flags.map((name) => [name, object[name]])) };
}

function templates(value: unknown): string | object[] | undefined {
  if (!Array.isArray(value)) return template(value);
  const named = value.slice(0, MAX_ITEMS).flatMap((item) => {
    const [name, body] = [word(record(item)?.name), template(record(item)?.template)];
    return name !== undefined && body !== undefined ? [{ name, template: body }] : [];
  });
  return named.length > 0 ? named : undefined;
}

function template(value: unknown): string | undefined {
  const found = text(value);
  return found !== undefined && found.length <= MAX_TEMPLATE ? found : undefined;
}

function ofAdapter(adapter: Record<string, unknown>): NonNullable<ModelConfig['peft']> {
  return given({
    base_model_name_or_path: word(adapter.base_model_name_or_path),
    task_type: word(adapter.task_type),
  });
}

function unlessEmpty<T extends object>(object: T): T | undefined {
  return Object.keys(object).length > 0 ? object : undefined;
}
