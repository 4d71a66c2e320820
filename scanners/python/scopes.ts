// SPDX-License-Identifier: Apache-2.0
import type { Listener } from './meanings.ts';
import type { Names } from './names.ts';
import { DECODED, DOWNLOADED, type Value } from './values.ts';

export type ScopeKind = 'module' | 'class' | 'function' | 'main';

interface Mention {
  readonly name: string;
  readonly how: 'bare' | 'called' | 'header' | 'metaclass';
  readonly method?: string;
}

/** Of the others any source is full. */
const NOTABLE_BUILTINS =
  /^builtins\.(?:exec|eval|compile|execfile|__import__|breakpoint|input|reload|open for writing|<computed>|globals\(\)\.<computed>)$/;
const OPENING = /^(?:builtins|_?io|codecs)\.open$/;
const MAX_PER_SCOPE = 5000;
const SINKS =
  /^(?:builtins\.(?:exec|eval|compile|execfile)|marshal\.loads?|os\.(?:system|popen|exec\w+|spawn\w+)|subprocess\.\w+|pty\.spawn|types\.(?:FunctionType|CodeType)|pickle\.loads|dill\.loads|cloudpickle\.loads|ctypes\.(?:CFUNCTYPE|memmove)|runpy\.\w+|imp\.load_\w+|code\.\w+(?:\(\)\.\w+)?)$/;

/** What one module, class body or function body refers to. Bodies run at different times: see {@link stages}. */
export class Scope implements Listener {
  readonly kind: ScopeKind;
  readonly name: string;
  readonly parent: Scope | undefined;
  readonly refs = new Map<string, number>();
  readonly imported = new Map<string, number>();
  readonly chains = new Map<string, number>();
  readonly texts = new Map<string, number>();
  readonly obfuscated = new Map<string, number>();
  readonly mentioned = new Map<string, Mention>();
  /** Of a class: its base classes that are of this file. */
  readonly bases: string[] = [];
  /** Whether the pass that resolves names is over, and what is told counts. */
  private readonly account: Account;

  constructor(kind: ScopeKind, name: string, parent: Scope | undefined, account: Account) {
    this.kind = kind;
    this.name = name;
    this.parent = parent;
    this.account = account;
    account.scopes.push(this);
  }

  refers(ref: string, line: number, args: readonly Value[] | undefined): void {
    if (!this.account.counts) return;
    const name = OPENING.test(ref) ? opened(args) : ref;
    if (name.endsWith('()')) return;
    if (!name.startsWith('builtins.') || NOTABLE_BUILTINS.test(name)) keep(this.refs, name, line);
    if (args && SINKS.test(ref)) this.sink(ref, args, line);
  }

  private sink(ref: string, args: readonly Value[], line: number): void {
    const origin = args.reduce((all, arg) => all | arg.origin | originsIn(arg), 0);
    if (origin & DECODED) keep(this.obfuscated, `${ref} of decoded data`, line);
    if (origin & DOWNLOADED) keep(this.obfuscated, `${ref} of downloaded data`, line);
  }

  imports(module: string, line: number): void {
    if (this.account.counts) keep(this.imported, module, line);
  }

  mentions(name: string, how: Mention['how'], method?: string): void {
    if (!this.account.counts) return;
    const owner = name === 'self' || name === 'cls' ? this.owner() : name;
    if (owner === undefined) return;
    const mention = { name: owner, how, ...(method === undefined ? {} : { method }) };
    this.mentioned.set(`${owner} ${how} ${method ?? ''}`, mention);
  }

  /** The class that a method belongs to. */
  private owner(): string | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.parent)
      if (scope.kind === 'class') return scope.name;
    return undefined;
  }

  dunders(chain: readonly string[], line: number): void {
    const leading = chain.filter((name) => LEADING_OUT.has(name));
    if (this.account.counts && leading.length > 0) keep(this.chains, chain.join('.'), line);
  }

  text(text: string, line: number): void {
    if (!this.account.counts) return;
    const notable = notableText(text);
    if (notable !== undefined) keep(this.texts, notable, line);
    if (text.length >= LONG_TEXT && /^[\w+/=\s\\-]+$/.test(text) && !/\s\S{1,40}\s/.test(text.slice(0, 400)))
      keep(this.obfuscated, 'a long encoded text', line);
  }

  /** What follows is not read. */
  cutShort(what: string, line: number): void {
    if (this.account.counts) keep(this.obfuscated, what, line);
  }

  source(text: string, line: number): void {
    this.account.inner(text, line, this);
  }
}

/** What all scopes of one source share. */
export interface Account {
  readonly scopes: Scope[];
  readonly names: Names;
  counts: boolean;
  /** Read a text that the source compiles. */
  inner(text: string, line: number, scope: Scope): void;
}

const LEADING_OUT: ReadonlySet<string> = new Set(
  '__subclasses__ __bases__ __base__ __mro__ __globals__ __builtins__ __code__ __loader__ __closure__ __import__ __getattribute__ __reduce__ __reduce_ex__'.split(
    ' ',
  ),
);
const LONG_TEXT = 1000;

const PLACES =
  /(?:^|[/\\~ '"])(\.(?:ssh|aws|gnupg|kube|netrc|npmrc|pypirc|git-credentials|bashrc|zshrc|bash_profile|zprofile|docker\/config\.json|huggingface\/token|mozilla|config\/gcloud|bash_history)|authorized_keys|id_(?:rsa|ed25519|ecdsa)|crontab|LaunchAgents|Login Data|wallet\.dat|CurrentVersion\\+Run)(?:$|[/\\ '"])|(\/etc\/(?:passwd|shadow|crontab|cron[./]\S*|sudoers|rc\.local|ld\.so\.preload|systemd\/\S*)|\/var\/spool\/cron)/;
const COMMANDS =
  /(\/dev\/tcp\/|\bbash\s+-i\b|\bnc(?:at)?\s+(?:-\w+\s+)*-\w*[ec]\b|\b(?:curl|wget)\b[^|;&\n]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b|\bbase64\s+(?:-d|-D|--decode)\b[^|\n]*\|\s*(?:ba|z|da)?sh\b|\brm\s+-rf?\s+(?:\/|~|\$HOME)(?:\s|$|\*)|powershell[^\n]*-e(?:nc|ncodedcommand)?\s|\bmkfifo\b|169\.254\.169\.254|discord(?:app)?\.com\/api\/webhooks|api\.telegram\.org\/bot)/i;

/** A text that names a place of credentials or start-up commands, or a command that is known from attacks. */
function notableText(text: string): string | undefined {
  const part = text.slice(0, 4096);
  const place = PLACES.exec(part);
  return place ? (place[1] ?? place[2]) : COMMANDS.exec(part)?.[1];
}

function originsIn(value: Value): number {
  return (value.items ?? []).slice(0, 64).reduce((all, item) => all | item.origin, 0);
}

/** `open` counts as writing when its mode says so, or cannot be known. */
function opened(args: readonly Value[] | undefined): string {
  const mode = args?.find((arg, i) => i > 0 && arg.text !== undefined && /^[rwaxbtU+]{1,4}$/.test(arg.text))?.text;
  return mode !== undefined && /[wax+]/.test(mode) ? 'builtins.open for writing' : 'builtins.open';
}

export function keep(map: Map<string, number>, key: string, line: number): void {
  if (!map.has(key) && map.size < MAX_PER_SCOPE) map.set(key, line);
}
