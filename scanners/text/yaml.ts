// SPDX-License-Identifier: Apache-2.0
import { addTemplate, hasTags } from '../jinja/uses.ts';
import { scanYaml, type YamlReport } from '../yaml/scan.ts';
import { commandShapes } from './shell.ts';
import type { TextUses } from './uses.ts';

/** Without one of these a YAML document constructs nothing, names nothing and repeats nothing. */
const ACTS = /[!*]|\b_?target_?\b|class_path|\\[xuU]|auto_map|trust_remote_code|:\s|\?/;
/** Keys whose value some library imports and calls. */
const TARGETS: ReadonlySet<string> = new Set([
  '_target_',
  'class_path',
  '_type_',
  '_call_',
  '__target__',
  '_cls_',
  'py/object',
  'py/function',
]);
const MAYBE_TARGETS: ReadonlySet<string> = new Set([
  'target',
  'class_name',
  'func',
  'function',
  'callable',
  'factory',
  'type',
  'class',
  '_recursive_target',
  'module_name',
  'obj',
  'object',
]);
const COMMANDS: ReadonlySet<string> = new Set([
  'cmd',
  'command',
  'run',
  'entrypoint',
  'entry',
  'script',
  'before_script',
  'after_script',
  'shell',
  'args',
  'exec',
  'postCreateCommand',
  'postInstall',
  'buildCommand',
  'preinstall',
]);
/** Keys whose value may be a list of the same. */
const LISTED: ReadonlySet<string> = new Set([...TARGETS, ...COMMANDS]);
const REMOTE: ReadonlySet<string> = new Set(['auto_map', 'trust_remote_code', 'custom_pipelines']);
const HARMLESS = /^(?:false|no|off|null|~|none|0|)$/i;
const BOMB = 1_000_000;

export function readYaml(text: string, uses: TextUses): void {
  const front = /^\ufeff?---[ \t]*\r?\n([\s\S]{0,65536}?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/.exec(text)?.[1];
  if (front !== undefined)
    for (const [tag, line] of scanYaml(front).tags) uses.add('front-matter-tag', tag, `line ${line + 1}`);
  if (!ACTS.test(text)) return;
  const report = scanYaml(text, LISTED);
  for (const [tag, line] of report.tags) uses.add('yaml-tag', tag, `line ${line}`);
  if (report.expansion > BOMB) uses.add('yaml-expansion', 'more than a million nodes by aliases', 'the file');
  for (const key of report.keys) if (REMOTE.has(key)) uses.add('yaml-key', key, 'the file');
  readPairs(report, uses);
}

/** Keys whose value some program renders with Jinja. */
const TEMPLATE = /^chat_template\w*$|(?:^|_)template$/;

function readPairs(report: YamlReport, uses: TextUses): void {
  const isWorkflow = report.keys.has('jobs') && (report.keys.has('runs-on') || report.keys.has('uses'));
  for (const { key, value, line } of report.pairs) {
    const at = `line ${line}`;
    if (TEMPLATE.test(key) && hasTags(value)) addTemplate(uses, value, `$.${key}`);
    if (TARGETS.has(key)) uses.add('yaml-target', value, at);
    else if (MAYBE_TARGETS.has(key) && value.includes('.')) uses.add('yaml-maybe-target', value, at);
    else if (key === 'loader_module') uses.add('mlflow-loader', value, at);
    else if (key === 'code' && report.keys.has('flavors') && !HARMLESS.test(value)) uses.add('mlflow-code', value, at);
    else if (key === 'trust_remote_code' && !HARMLESS.test(value)) uses.add('yaml-remote-code', value, at);
    else if (key === 'repo' && /^(?:https?|git|ssh):/.test(value)) uses.add('yaml-hook', value, at);
    if (COMMANDS.has(key)) addCommand(key, value, isWorkflow, at, uses);
  }
}

function addCommand(key: string, value: string, isWorkflow: boolean, at: string, uses: TextUses): void {
  // Arguments are a command line's only when they hold one: `sh -c "..."`.
  if (key !== 'args') uses.add(isWorkflow ? 'workflow-command' : 'yaml-command', value.slice(0, 150), at);
  for (const { name } of commandShapes(value)) uses.add(isWorkflow ? 'workflow-shape' : 'yaml-shape', name, at);
}
