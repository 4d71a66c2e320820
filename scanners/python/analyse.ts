// SPDX-License-Identifier: Apache-2.0
import { Names } from './names.ts';
import { type Account, keep, Scope } from './scopes.ts';
import { type Stage, stages } from './stages.ts';
import { Statements } from './statements.ts';
import { type Token, tokenize } from './tokens.ts';

/** What a Python source uses, with the line of the first place. */
export interface PythonReport {
  readonly imports: ReadonlyMap<string, number>;
  /** Dotted names, by when they are used. */
  readonly used: Readonly<Record<Stage, ReadonlyMap<string, number>>>;
  readonly dunders: ReadonlyMap<string, number>;
  readonly texts: ReadonlyMap<string, number>;
  readonly obfuscations: ReadonlyMap<string, number>;
  /** Why Python would refuse the source, or why it was not read to its end. */
  readonly broken: string | undefined;
  /** The source was longer than the budget. */
  readonly cut: boolean;
  /** Calls, decorators or imports stand where it was not read. */
  readonly hides: boolean;
}

const MAX_INNER = 20;

/** `cells`: sources that share their names and run one after another, as in a notebook. */
export function analysePython(...cells: readonly string[]): PythonReport {
  const read = cells.map((cell) => tokenize(cell));
  const account = new SourceAccount();
  const sources = read.map(({ tokens }) => tokens);
  readAll(sources, account);
  account.counts = true;
  account.scopes.length = 0;
  readAll(sources, account);
  const [error] = read.flatMap(({ errors }) => errors);
  return {
    ...collected(account.scopes),
    broken: error && `line ${error.line}: ${error.detail}`,
    cut: read.some(({ cut }) => cut),
    hides: read.some(({ cut, rest }) => cut && /[(@]|\b(?:import|exec)\b/.test(rest)),
  };
}

function readAll(sources: readonly (readonly Token[])[], account: SourceAccount): void {
  const module = new Scope('module', '', undefined, account);
  for (const tokens of sources) new Statements(tokens, module, account).read();
}

class SourceAccount implements Account {
  readonly scopes: Scope[] = [];
  readonly names = new Names();
  counts = false;
  private readonly read = new Set<string>();

  /** A constant text that is compiled is read where it stands. */
  inner(text: string, line: number, scope: Scope): void {
    const key = `${this.counts} ${text}`;
    if (this.read.has(key)) return;
    if (this.read.size < 2 * MAX_INNER) {
      this.read.add(key);
      new Statements(tokenize(text).tokens, scope, this).read();
    } else scope.cutShort(`more than ${MAX_INNER} texts that are compiled`, line);
  }
}

function collected(scopes: readonly Scope[]): Omit<PythonReport, 'broken' | 'cut' | 'hides'> {
  const when = stages(scopes);
  const used: Record<Stage, Map<string, number>> = { import: new Map(), load: new Map(), call: new Map() };
  const all = { imports: new Map(), dunders: new Map(), texts: new Map(), obfuscations: new Map() };
  for (const scope of scopes) {
    const stage = when.get(scope) ?? 'call';
    for (const [ref, line] of scope.refs) keep(used[stage], ref, line);
    for (const [module, line] of scope.imported) keep(all.imports, module, line);
    for (const [chain, line] of scope.chains) keep(all.dunders, chain, line);
    for (const [text, line] of scope.texts) keep(all.texts, text, line);
    for (const [what, line] of scope.obfuscated) keep(all.obfuscations, what, line);
  }
  return { used, ...all };
}
