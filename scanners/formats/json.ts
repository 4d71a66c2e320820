// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import type { Facts } from '../facts.ts';
import { type Bytes, RandomBytes } from '../io/bytes.ts';
import { addTemplate, hasTags, TEMPLATE_BYTES } from '../jinja/uses.ts';
import { ConfigUses } from '../json/config-uses.ts';
import { ObjectHooks } from '../json/objects.ts';
import { PaddlePir } from '../json/paddle-pir.ts';
import { RepeatedKeys } from '../json/repeated-keys.ts';
import { AnotherJson, type JsonListener, type JsonPlace, JsonWalker, MalformedJson, placeText } from '../json/walk.ts';
import { narrowed, wideJson } from '../json/wide.ts';
import { XgboostModel } from '../json/xgboost.ts';
import { KerasReader } from '../keras/reader.ts';
import { NotebookReader } from '../text/notebook-reader.ts';
import { commandShapes } from '../text/shell.ts';
import { UseList } from '../uses.ts';
import type { Extractor } from './context.ts';
import { Secrets, text } from './text.ts';

const VALUE_BYTES = 1024;

/** Keys under which some loader takes code, or the name of code, from a configuration; the use's scheme for each. */
const CODE_KEYS: ReadonlyMap<string, string> = new Map([
  ['auto_map', 'json-auto-map'],
  ['custom_pipelines', 'json-custom-pipelines'],
  ['_target_', 'json-target'],
  ['trust_remote_code', 'json-trust-remote-code'],
  ['external_tool', 'json-code-key'],
]);

/** Keys whose command an editor or another tool runs in the folder, if the file is its settings: the rules know which. */
const COMMAND_KEYS: ReadonlySet<string> = new Set([
  ...['command', 'commands', 'args', 'initializeCommand', 'onCreateCommand', 'updateContentCommand'],
  ...['postCreateCommand', 'postStartCommand', 'postAttachCommand', 'apiKeyHelper', 'statusLine'],
]);

/** One JSON document, read to its end. What is not well-formed is read as text, and says so. */
export const json: Extractor = async (facts, bytes, context) => {
  const encoding = wideJson(bytes.head());
  if (encoding === undefined) return readJson(facts, bytes, context);
  facts.problems.push({ code: 'json-encoding', detail: encoding });
  within('heldBytes', bytes.size);
  const narrow = bytes.random && narrowed(bytes.random.readAt(0, bytes.size), encoding);
  if (narrow) return readJson(facts, RandomBytes.ofMemory(narrow), context);
  facts.format = 'unknown';
};

const readJson: Extractor = async (facts, bytes, context) => {
  const reader = new ConfigReader(facts);
  try {
    const secrets = new Secrets();
    await walkJson(bytes, reader, (part, offset) => secrets.read(part, offset));
    reader.end(facts);
    secrets.report(facts);
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    facts.format = 'text';
    if (error instanceof AnotherJson) reader.end(facts);
    await text(facts, bytes, context);
    const scheme = error instanceof AnotherJson ? 'json-lines' : 'json-malformed';
    if (error instanceof AnotherJson && facts.format !== 'unknown') facts.format = 'json';
    new UseList(facts).add(scheme, error.message, `byte ${error.offset}`, error.offset);
  }
};

/**
 * `alsoRead` gets the same text in parts: bytes that are to be read twice are decoded, and unpacked, once.
 * @throws MalformedJson
 */
export async function walkJson(
  bytes: Bytes,
  listener: JsonListener,
  alsoRead: (part: string, offset: number) => void = () => undefined,
): Promise<void> {
  const cursor = bytes.cursor();
  const walker = new JsonWalker(listener);
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  for (;;) {
    const offset = cursor.offset;
    const chunk = await cursor.chunk();
    let part: string;
    try {
      part = utf8.decode(chunk, { stream: chunk.length > 0 });
    } catch {
      throw new MalformedJson(offset, 'not UTF-8');
    }
    alsoRead(part, offset);
    if (chunk.length === 0) break;
    walker.feed(offset === 0 ? withoutMark(chunk) : chunk);
  }
  walker.end();
}

function withoutMark(chunk: Uint8Array): Uint8Array {
  return chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk;
}

/** What a configuration names, whichever way its JSON is written. */
export class ConfigReader implements JsonListener {
  private readonly uses: UseList;
  private readonly configs: ConfigUses;
  private readonly notebook = new NotebookReader();
  private readonly keras: KerasReader;
  private readonly objects: ObjectHooks;
  private readonly paddle: PaddlePir;
  private readonly repeated: RepeatedKeys;
  private readonly xgboost: XgboostModel;

  constructor(facts: Facts) {
    this.uses = new UseList(facts);
    this.configs = new ConfigUses(this.uses);
    this.keras = new KerasReader(this.uses);
    this.objects = new ObjectHooks(this.uses);
    this.paddle = new PaddlePir(this.uses);
    this.repeated = new RepeatedKeys(this.uses);
    this.xgboost = new XgboostModel(this.uses);
  }

  keep(place: JsonPlace): number {
    return isTemplate(place) ? TEMPLATE_BYTES : this.notebook.keep(place, VALUE_BYTES);
  }

  end(facts: Facts): void {
    this.notebook.end(facts);
    this.configs.end();
    this.xgboost.end();
  }

  open(place: JsonPlace, kind: 'object' | 'array'): void {
    this.keras.open(place, kind);
    this.objects.open(place, keyOf(place));
    this.repeated.open(place, keyOf(place));
    const scheme = CODE_KEYS.get(keyOf(place));
    if (scheme !== undefined) this.use(scheme, place, kind === 'object' ? '{...}' : '[...]');
  }

  close(place: JsonPlace): void {
    this.keras.close(place);
    this.objects.close(place);
    this.paddle.close(place);
    this.repeated.close();
  }

  scalar(place: JsonPlace, value: string | number | boolean | null | undefined): void {
    const key = keyOf(place);
    this.notebook.scalar(place, value);
    this.objects.scalar(place, key, value);
    this.paddle.scalar(place, key, value);
    this.repeated.scalar(place, key, value);
    this.configs.scalar(place, value);
    this.xgboost.scalar(place, value);
    this.keras.scalar(place, value);
    const scheme = CODE_KEYS.get(key);
    if (scheme !== undefined && value !== null && value !== false)
      this.use(scheme, place, String(value ?? '(long text)'));
    if (COMMAND_KEYS.has(key) && typeof value === 'string') this.command(place, value);
    if (isModuleType(place) && typeof value === 'string') this.use('json-module-type', place, value);
    if (!isTemplate(place)) return;
    if (value === undefined) this.use('json-long-template', place, '(long text)');
    else if (typeof value === 'string') this.template(place, value);
  }

  private use(scheme: string, place: JsonPlace, name: string): void {
    this.uses.add(scheme, name, placeText(place));
  }

  private command(place: JsonPlace, line: string): void {
    this.use('json-tool-command', place, line);
    for (const { name } of commandShapes(line)) this.use('json-tool-shape', place, name);
  }

  private template(place: JsonPlace, source: string): void {
    if (hasTags(source)) addTemplate(this.uses, source, placeText(place));
  }
}

/** The nearest object key: the key itself, or that of the array around. */
function keyOf(place: JsonPlace): string {
  const level = place.levels.at(-1);
  return level?.kind === 'object' ? level.key : '';
}

/** `chat_template` is a text, or a list of `{"name", "template"}`; some files keep others beside it. */
function isTemplate(place: JsonPlace): boolean {
  const key = keyOf(place);
  if (key === 'template' || key.endsWith('_template')) return true;
  return place.levels.some((level) => level.key === 'chat_template' || level.key === 'chat_templates');
}

/** sentence-transformers' modules.json: `[{"idx": 0, "type": "package.module.Class"}]`; the class is imported. */
function isModuleType(place: JsonPlace): boolean {
  const [outer, inner] = place.levels;
  return place.levels.length === 2 && outer?.kind === 'array' && inner?.kind === 'object' && inner.key === 'type';
}
