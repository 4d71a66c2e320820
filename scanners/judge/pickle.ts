// SPDX-License-Identifier: Apache-2.0
import type { CallFact, GlobalFact, PickleFacts } from '../facts.ts';
import type { Rules } from '../rules.ts';
import { type Finding, shown } from './finding.ts';
import { type ImportJudge, type ImportJudgement, importJudge } from './imports.ts';

/** A finding without its place in an archive. */
export type LocalFinding = Omit<Finding, 'member'>;

/** What loading these pickles would import and call, judged. `storages`: torch resolves persistent ids itself. */
export type PickleJudge = (pickle: PickleFacts, storages: boolean) => LocalFinding[];

export function pickleJudge(rules: Rules): PickleJudge {
  const imports = importJudge(rules);
  const telling = new RegExp(rules.arguments, 'u');
  return (pickle, storages) => {
    const called = callsByGlobal(pickle.calls);
    return [
      ...pickle.globals.flatMap((global) => judgeImport(global, called.get(keyOf(global)) ?? [], imports, telling)),
      ...pickle.calls.filter((call) => call.callee !== 'global').map(judgeComputedCall),
      ...pickle.extensions.map(judgeExtension),
      ...(pickle.persistentIds > 0 && !storages ? [PERSISTENT] : []),
    ];
  };
}

function callsByGlobal(calls: readonly CallFact[]): ReadonlyMap<string, readonly CallFact[]> {
  const called = new Map<string, CallFact[]>();
  for (const call of calls) {
    if (call.callee !== 'global') continue;
    const key = keyOf(call);
    const same = called.get(key);
    if (same) same.push(call);
    else called.set(key, [call]);
  }
  return called;
}

function keyOf({ module, name }: { readonly module?: string; readonly name?: string }): string {
  return `${module}\0${name}`;
}

/** Ops that make an instance without its constructor, or change one. */
const REBUILDING: ReadonlySet<string> = new Set([
  ...['NEWOBJ', 'NEWOBJ_EX', 'BUILD', 'APPEND', 'APPENDS', 'ADDITEMS', 'SETITEM', 'SETITEMS'],
]);

/** One finding an import; when it is also called, the call says more. */
function judgeImport(
  global: GlobalFact,
  calls: readonly CallFact[],
  judge: ImportJudge,
  telling: RegExp,
): LocalFinding[] {
  const judgement = judge(global.module, global.name);
  const { level } = judgement;
  const constructed = calls.filter(({ op }) => !REBUILDING.has(op));
  if (level === 'allowed') return [];
  if (level === 'named') return calls.map((call) => finding(global, call, NEVER_CALLED));
  if (judgement.refused !== undefined) {
    const loud = constructed.find(({ args }) => telling.test(args));
    if (loud !== undefined) return [finding(global, loud, TELLING)];
    if (judgement.refused === 'calls' && constructed[0]) return [finding(global, constructed[0], NO_REBUILDER)];
  }
  if (level === 'rebuild') return constructed.map((call) => finding(global, call, CONSTRUCTOR));
  return [finding(global, constructed[0] ?? calls[0], judgement)];
}

const CONSTRUCTOR: ImportJudgement = {
  rule: 'pickle-constructor',
  level: 'review',
  reason: 'its own pickles do not run its constructor',
};

const NEVER_CALLED: ImportJudgement = {
  rule: 'pickle-denied-import',
  level: 'block',
  reason: 'honest pickles name it and never call it',
};

const TELLING: ImportJudgement = {
  rule: 'pickle-unknown-call',
  level: 'block',
  reason: 'no rule lets it be called, and it is given what looks like a command, code, a path or an address',
};

const NO_REBUILDER: ImportJudgement = {
  rule: 'pickle-unknown-call',
  level: 'block',
  reason: 'no rule knows this function, and its name does not say that it rebuilds a value',
};

function finding(global: GlobalFact, call: CallFact | undefined, judgement: ImportJudgement): LocalFinding {
  const { rule, reason, references } = judgement;
  const level = judgement.level === 'review' ? 'review' : 'block';
  const message = `${call ? traceOf(global, call) : importOf(global)}: ${reason}`;
  const offset = call?.offset ?? global.offset;
  return { rule, level, offset, message, ...(references && references.length > 0 && { references }) };
}

const imported = ({ op, offset, memo }: GlobalFact) =>
  `imported at byte ${offset} by ${op}${memo ? ' from the memo' : ''}`;

/** `imports os.system at byte 12 (STACK_GLOBAL from the memo)` */
function importOf(global: GlobalFact): string {
  const { op, offset, memo } = global;
  return `imports ${nameOf(global)} at byte ${offset} (${op}${memo ? ' from the memo' : ''})`;
}

/** `calls os.system("echo hi") at byte 35 (REDUCE; imported at byte 12 by GLOBAL)` */
function traceOf(global: GlobalFact, call: CallFact): string {
  const via = call.via === undefined ? '' : ` through ${call.via}`;
  const times = call.count > 1 ? `, ${call.count} times` : '';
  const verb = REBUILDING.has(call.op) ? 'rebuilds' : 'calls';
  return `${verb} ${nameOf(global)}${call.args} at byte ${call.offset} (${call.op}${via}${times}; ${imported(global)})`;
}

function judgeComputedCall(call: CallFact): LocalFinding {
  const via = call.via === undefined ? '' : ` through ${call.via}`;
  const message = `calls ${call.text}${call.args} at byte ${call.offset} (${call.op}${via}): what is called is computed by the file`;
  return { rule: 'pickle-computed-call', level: 'block', offset: call.offset, message };
}

function judgeExtension(code: number): LocalFinding {
  const message = `uses extension code ${code}, whose target is not in the file`;
  return { rule: 'pickle-extension', level: 'review', message };
}

const PERSISTENT: LocalFinding = {
  rule: 'pickle-persistent-id',
  level: 'review',
  message: 'refers to persistent objects that are not in the file',
};

function nameOf(global: GlobalFact): string {
  const text = `${global.module}.${global.name}`;
  return /^[\w.]{1,120}$/.test(text) ? text : shown(text);
}
