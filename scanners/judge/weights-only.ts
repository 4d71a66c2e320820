// SPDX-License-Identifier: Apache-2.0
import type { CallFact, Facts } from '../facts.ts';
import type { Rules } from '../rules.ts';

/** Whether torch would load the file's pickles with `weights_only=True`; nothing for what holds no pickle. */
export type WeightsOnlyJudge = (facts: Facts) => boolean | undefined;

const FORMATS: ReadonlySet<string> = new Set(['pickle', 'torch-legacy', 'torch-zip', 'torchscript']);

/** Pure. The attribute is of the whole file: one pickle that torch refuses is enough. */
export function weightsOnlyJudge({ weightsOnly }: Rules): WeightsOnlyJudge {
  const opcodes = new Set(weightsOnly.opcodes);
  const globals = new Set(weightsOnly.globals);
  const patterns = weightsOnly.patterns.map((pattern) => new RegExp(pattern));
  const build = new Set(weightsOnly.build);
  const items = new Set(weightsOnly.items);
  const isSafe = (name: string) => globals.has(name) || patterns.some((pattern) => pattern.test(name));

  const takesCall = (call: CallFact): boolean => {
    if (call.callee !== 'global') return false;
    const name = nameOf(call);
    if (call.op === 'BUILD') return build.has(name);
    if (call.op === 'SETITEM' || call.op === 'SETITEMS') return items.has(name);
    return CALLING.has(call.op) && isSafe(name);
  };
  const takes = ({ pickle, uses, problems }: Facts): boolean =>
    pickle === undefined ||
    (pickle.opcodes.every((opcode) => opcodes.has(opcode)) &&
      pickle.globals.every((global) => isSafe(nameOf(global))) &&
      pickle.calls.every(takesCall) &&
      !(uses ?? []).some(({ scheme }) => REFUSED.has(scheme)) &&
      !problems.some(({ code }) => code.startsWith('pickle-broken')));

  // torch refuses programs, whatever their pickles hold.
  return (facts) => {
    if (!FORMATS.has(facts.format)) return undefined;
    const nodes = [...nodesOf(facts)];
    if (!nodes.some(({ pickle }) => pickle !== undefined)) return undefined;
    return facts.limit === undefined && facts.format !== 'torchscript' && nodes.every(takes);
  };
}

const CALLING: ReadonlySet<string> = new Set(['REDUCE', 'NEWOBJ']);
/** Persistent ids that are no storages, and items for what takes none. */
const REFUSED: ReadonlySet<string> = new Set(['torch-persistent', 'pickle-item-target']);

function* nodesOf(facts: Facts): Generator<Facts> {
  yield facts;
  for (const member of facts.members ?? []) yield* nodesOf(member);
}

/** As torch reads it: modules of Python 2 under their new names. */
function nameOf({ module = '', name = '' }: { readonly module?: string; readonly name?: string }): string {
  return `${module === '__builtin__' ? 'builtins' : module}.${name}`;
}
