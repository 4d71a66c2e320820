// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { commandShapes } from '../text/shell.ts';
import type { UseList } from '../uses.ts';
import { type JsonPlace, placeText } from './walk.ts';

/** Scripts that npm runs by itself when the package is installed. */
const INSTALL_SCRIPTS: ReadonlySet<string> = new Set(['preinstall', 'install', 'postinstall', 'prepare']);
/** What the manifest of a TorchServe archive names; the rules count it under the manifest's name alone. */
const ARCHIVER_KEYS: ReadonlySet<string> = new Set([
  'handler',
  'modelFile',
  'serializedFile',
  'extraFiles',
  'requirementsFile',
]);

/** Packages of npm that come from somewhere else than its registry. */
const PACKAGES = /^(?:dev|peer|optional)?[dD]ependencies$/;
const FOREIGN = /^(?:git\+|git:|https?:|file:|github:|link:)/;

/** Commands of a development container; tables of commands that editors and agents run. */
const CONTAINER = /^(?:onCreate|updateContent|postCreate|postStart|postAttach|initialize)Command$/;
const RUNNING: ReadonlySet<string> = new Set(['mcpServers', 'mcp_servers', 'tasks', 'hooks']);
/** transformers takes native code from the repo that the implementation of attention names: `org/kernel`. */
const IMPLEMENTATION = /^_?attn_implementation$/;
const KERNEL = /^[\w.-]{1,100}\/[\w.-]{1,100}(?:[@:]|$)/;

interface Waiting {
  readonly at: string;
  readonly parts: string[];
}

type Scalar = string | number | boolean | null | undefined;

/**
 * Keys that mean something at their place in a document of a known kind: which code or file a loader takes. What tells
 * the kind may come last, so that some are held until the end.
 */
export class ConfigUses {
  private readonly uses: UseList;
  private readonly constructors = new Map<string, Waiting>();
  private readonly components = new Map<string, Waiting>();
  private isLangChain = false;
  private isPipeline = false;

  constructor(uses: UseList) {
    this.uses = uses;
  }

  scalar(place: JsonPlace, value: Scalar): void {
    const { levels } = place;
    const key = levels.at(-1)?.key ?? '';
    const top = levels[0]?.key ?? '';
    if (key === 'lc') this.isLangChain = true;
    if (top === '_class_name') this.isPipeline = true;
    if (typeof value !== 'string') return;
    const keys = levels.map((level) => level.key);
    const [, second = ''] = keys;
    // Of the many texts of a vocabulary none is named: writing out their places would take longer than reading them.
    const at = () => placeText(place);
    if (keys.includes('auto_map') && value.includes('--')) this.uses.add('json-foreign-code', value, at());
    if (top === 'weight_map' && keys.length === 2) this.uses.add('shard-file', value, '$.weight_map');
    if (keys.length === 1 && top === 'base_model_name_or_path') this.uses.add('base-model', value, at());
    // A list names the module of the repo that holds the class (diffusers, `load_config` and `get_class_from_dynamic_module`).
    if (top === '_class_name' && keys.length === 2) this.uses.add('json-pipeline-class', value, at());
    if (keys.length === 2 && top === '' && second === 'path') this.uses.add('module-path', value, at());
    if (top === 'auto_mapping' && second === 'parent_library') this.uses.add('json-parent-library', value, at());
    if (keys.length === 2 && top === 'scripts') this.command(value, at(), INSTALL_SCRIPTS.has(second));
    if (keys.length <= 2 && CONTAINER.test(top)) this.command(value, at(), true);
    if (IMPLEMENTATION.test(key) && KERNEL.test(value)) this.uses.add('json-foreign-code', value, at());
    if (top === 'model' && keys.length <= 3 && ARCHIVER_KEYS.has(second))
      for (const file of second === 'extraFiles' ? value.split(',') : [value])
        this.uses.add(`mar-${second}`, file, at());
    if (keys.length === 2 && PACKAGES.test(top) && FOREIGN.test(value)) this.uses.add('json-package', value, at());
    if (keys.some((one) => RUNNING.has(one))) {
      if (key === 'command') this.command(value, at(), true);
      else if (keys.includes('args')) this.command(value, at(), false);
    }
    if (key === '' && keys.at(-2) === 'id') wait(this.constructors, place, value);
    if (keys.length === 2 && key === '' && place.levels[0]?.kind === 'object') wait(this.components, place, value);
  }

  /** `itself`: some program runs the line without being asked to. */
  private command(line: string, at: string, itself: boolean): void {
    if (itself) this.uses.add('json-command', line, at);
    for (const { name } of commandShapes(line)) this.uses.add('json-shape', name, at);
  }

  end(): void {
    if (this.isLangChain)
      for (const { at, parts } of this.constructors.values()) this.uses.add('json-constructor', parts.join('.'), at);
    if (!this.isPipeline) return;
    for (const { at, parts } of this.components.values())
      if (parts.length === 2) this.uses.add('json-pipeline-library', parts[0] ?? '', at);
  }
}

/** Texts that together name a class; a longer list names none that is known. */
const LONGEST_NAME = 8;

/** The texts of one list, joined by its place. */
function wait(waiting: Map<string, Waiting>, place: JsonPlace, value: string): void {
  const at = placeText({ levels: place.levels.slice(0, -1) });
  const held = waiting.get(at);
  if (held === undefined) waiting.set(at, { at, parts: [value] });
  else if (held.parts.length <= LONGEST_NAME) held.parts.push(held.parts.length < LONGEST_NAME ? value : '\u2026');
  within('facts', waiting.size);
}
