// SPDX-License-Identifier: Apache-2.0
import type { CallFact, GlobalFact, PickleFacts } from '../facts.ts';
import { type Finding, shown } from './finding.ts';
import type { ImportJudge } from './imports.ts';

/** A finding without its place in an archive. */
export type LocalFinding = Omit<Finding, 'member'>;

/** Names that people set as plain attributes; any other dunder changes how an object behaves. */
const HARMLESS_DUNDERS: ReadonlySet<string> = new Set(['__version__', '__doc__', '__name__', '__metadata__']);

/** What loading these pickles would import and call, judged. `storages`: torch resolves persistent ids itself. */
export function judgePickle(pickle: PickleFacts, judge: ImportJudge, storages: boolean): LocalFinding[] {
  const called = new Map<string, CallFact[]>();
  for (const call of pickle.calls) {
    if (call.callee !== 'global') continue;
    const key = `${call.module}\0${call.name}`;
    const same = called.get(key);
    if (same) same.push(call);
    else called.set(key, [call]);
  }
  return [
    ...pickle.globals.flatMap((global) =>
      judgeImport(global, called.get(`${global.module}\0${global.name}`) ?? [], judge),
    ),
    ...pickle.calls.filter((call) => call.callee !== 'global').map(judgeComputedCall),
    ...pickle.extensions.map(judgeExtension),
    ...judgeDunders(pickle),
    ...(pickle.persistentIds > 0 && !storages ? [PERSISTENT] : []),
  ];
}

/** Ops that make an instance without its constructor, or change one. */
const REBUILDING: ReadonlySet<string> = new Set(['NEWOBJ', 'NEWOBJ_EX', 'BUILD']);

/** One finding an import; when it is also called, the call says more. */
function judgeImport(global: GlobalFact, calls: readonly CallFact[], judge: ImportJudge): LocalFinding[] {
  const { level, rule, reason, references } = judge(global.module, global.name);
  if (level === 'allowed') return [];
  if (level === 'rebuild') return calls.filter(({ op }) => !REBUILDING.has(op)).map((call) => constructs(global, call));
  const [call] = calls;
  const dotted = name(global);
  const offset = call?.offset ?? global.offset;
  const what = call ? `calls ${dotted}${call.args} at byte ${offset}` : `imports ${dotted} at byte ${offset}`;
  return [{ rule, level, offset, message: `${what}: ${reason}`, ...(references && { references }) }];
}

/** A class that may be rebuilt from its state, and whose constructor may fetch or open what it is given. */
function constructs(global: GlobalFact, call: CallFact): LocalFinding {
  const message = `calls ${name(global)}${call.args} at byte ${call.offset}: its own pickles do not run its constructor`;
  return { rule: 'pickle-constructor', level: 'review', offset: call.offset, message };
}

function judgeComputedCall(call: CallFact): LocalFinding {
  const message = `calls ${call.text}${call.args} at byte ${call.offset}: what is called is computed by the file (${call.op})`;
  return { rule: 'pickle-computed-call', level: 'block', offset: call.offset, message };
}

function judgeExtension(code: number): LocalFinding {
  const message = `uses extension code ${code}, whose target is not in the file`;
  return { rule: 'pickle-extension', level: 'review', message };
}

function judgeDunders(pickle: PickleFacts): LocalFinding[] {
  const names = pickle.dunders.filter((dunder) => !HARMLESS_DUNDERS.has(dunder));
  if (names.length === 0) return [];
  const message = `sets ${names.slice(0, 5).map(shown).join(', ')}, which changes how an object behaves`;
  return [{ rule: 'pickle-dunder', level: 'review', message }];
}

const PERSISTENT: LocalFinding = {
  rule: 'pickle-persistent-id',
  level: 'review',
  message: 'refers to persistent objects that are not in the file',
};

function name(global: GlobalFact): string {
  const text = `${global.module}.${global.name}`;
  return /^[\w.]{1,120}$/.test(text) ? text : shown(text);
}
