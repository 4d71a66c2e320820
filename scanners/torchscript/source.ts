// SPDX-License-Identifier: Apache-2.0
import { type Token, tokenize } from '../python/tokens.ts';
import type { UseList } from '../uses.ts';

/** Operators that take a file's name, by the name that any value has them under (`x.save(...)`). */
const FILE_OPERATORS: ReadonlySet<string> = new Set(['save', 'from_file']);
/** Names that stand for a vocabulary: they are followed by a name from it, or the source hides what it calls. */
const VOCABULARIES: ReadonlySet<string> = new Set(['torch', 'ops']);
const REMOTE_CALLS: ReadonlySet<string> = new Set(['rpc_sync', 'rpc_async', 'rpc_remote']);

/**
 * TorchScript, as torch/csrc/jit/serialization/python_print.cpp writes it and import_source.cpp resolves it: `torch.x`
 * is the operator `aten::x`, `ops.a.b` is `a::b`, `__torch__.torch.classes.a.B` a class of the runtime, any other
 * `__torch__` a class of the archive itself. What is not called counts too, since a name can be assigned.
 *
 * @returns why the source was not read to its end
 */
export function readSource(source: string, uses: UseList): string | undefined {
  const { tokens, errors, cut } = tokenize(source);
  new SourceReader(tokens, uses).read();
  if (cut) return 'more tokens than are read';
  return errors[0] && `line ${errors[0].line}: ${errors[0].detail}`;
}

class SourceReader {
  private readonly tokens: readonly Token[];
  private readonly uses: UseList;

  constructor(tokens: readonly Token[], uses: UseList) {
    this.tokens = tokens;
    this.uses = uses;
  }

  read(): void {
    for (let i = 0; i < this.tokens.length; i++) {
      const token = this.tokens[i];
      if (token?.kind === 'op' && (token.text === '^' || token.text === '`')) this.add('operator', '^', token);
      if (token?.kind !== 'name') continue;
      if (this.isOp(i - 1, '.')) this.readAttribute(i);
      else if (token.text === 'import' || token.text === 'from') this.readImport(i);
      else if (token.text === 'getattr') this.readGetattr(i);
      else this.readRoot(i, this.chainAt(i));
    }
  }

  /** `a.b.c` from its first name on. */
  private chainAt(start: number): readonly string[] {
    const names: string[] = [];
    for (let i = start; this.tokens[i]?.kind === 'name'; i += 2) {
      names.push(this.tokens[i]?.text ?? '');
      if (!this.isOp(i + 1, '.')) break;
    }
    return names;
  }

  private readRoot(at: number, [root = '', ...rest]: readonly string[]): void {
    const token = this.tokens[at] as Token;
    if (VOCABULARIES.has(root)) this.readOperator(at, root, rest);
    else if (root === '__torch__') this.readClass(token, rest);
    else if (REMOTE_CALLS.has(root) && this.isCalled(at)) this.add('operator', `prim::${root}`, token);
  }

  /** `autograd` leads back to `aten`, whatever stands before it. */
  private readOperator(at: number, root: string, names: readonly string[]): void {
    const isDeclared = names.length === 0 && (this.isOp(at + 1, '=') || this.isOp(at + 1, ':'));
    if (isDeclared) return;
    const rest = [...names];
    let namespace = root === 'torch' ? 'aten' : rest.shift();
    while (rest[0] === 'autograd') {
      namespace = 'aten';
      rest.shift();
    }
    const name = rest[0];
    this.add('operator', namespace && name ? `${namespace}::${name}` : root, this.tokens[at] as Token);
  }

  private readClass(token: Token, names: readonly string[]): void {
    const [first, second, ...rest] = names;
    if (first === undefined || (first === 'torch' && second === undefined)) this.add('class', '__torch__', token);
    if (first !== 'torch' || second !== 'classes') return;
    const name = rest.filter((part) => part !== '__new__' && part !== '__init__').join('.');
    this.add('class', name || 'torch.classes', token);
  }

  private readAttribute(at: number): void {
    const token = this.tokens[at] as Token;
    if (FILE_OPERATORS.has(token.text)) this.addMember(token.text, token, this.isCalled(at));
  }

  /** `getattr(x, "name")` is `x.name`; the printer writes it where the name is no identifier. */
  private readGetattr(at: number): void {
    let depth = 0;
    let name = '';
    for (let i = at + 1; i < this.tokens.length; i++) {
      const token = this.tokens[i] as Token;
      if (token.kind === 'op' && '([{'.includes(token.text)) depth++;
      else if (token.kind === 'op' && ')]}'.includes(token.text)) depth--;
      else if (token.kind === 'string' && depth === 1) name += token.text;
      if (depth > 0) continue;
      if (FILE_OPERATORS.has(name)) this.addMember(name, token, this.isCalled(i));
      return;
    }
  }

  private readImport(at: number): void {
    const before = this.tokens[at - 1];
    if (before !== undefined && before.kind === 'op') return;
    this.add('import', this.chainAt(at + 1).join('.'), this.tokens[at] as Token);
  }

  private addMember(name: string, token: Token, called: boolean): void {
    this.add(called ? 'method' : 'attribute', name, token);
  }

  /** Parentheses around what is called do not matter. */
  private isCalled(at: number): boolean {
    let i = at + 1;
    while (this.isOp(i, ')')) i++;
    return this.isOp(i, '(');
  }

  private isOp(at: number, text: string): boolean {
    const token = this.tokens[at];
    return token?.kind === 'op' && token.text === text;
  }

  private add(kind: string, name: string, { line }: Token): void {
    this.uses.add(`torchscript-${kind}`, name, `line ${line}`);
  }
}
