// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * A text script says what is sent to the Hub door, and what it answers:
 *
 *     @repo acme/tiny
 *
 *     # A download begins with one byte.
 *     > GET|HEAD /acme/tiny/resolve/{main,{commit}}/config.json
 *     > range: bytes=0-0
 *     < 206
 *     < content-range: bytes 0-0/{size config.json}
 *     < x-request-id ~ ^[0-9a-f-]{36}$
 *     < content-encoding absent
 *     body bytes 0-0 of config.json
 *
 * Comments directly above a case are its title; those followed by an empty line are for the reader. `>` a request: its
 * line, its headers, and `>>` for each line of its body; several requests may share one answer. `{a,b}` in a path stands
 * for two paths. `<` the status, and the headers that matter: exact, matching a pattern, or absent. `body` what the body
 * is; JSON goes on over indented lines, and what it does not name is not looked at. Words such as {commit} are filled in
 * from the repo of the last `@repo` (variables.ts). `@world` names a set-up of worlds.ts.
 */

export interface Script {
  readonly name: string;
  readonly world: string;
  readonly cases: readonly Case[];
}

export interface Case {
  readonly title: string;
  readonly line: number;
  /** As `@repo` names it: `acme/tiny` or `datasets/acme/tiny`. */
  readonly repo: string | undefined;
  readonly requests: readonly ScriptRequest[];
  readonly status: Expected<number>;
  readonly headers: readonly HeaderLine[];
  readonly body: readonly BodyLine[];
}

export interface ScriptRequest {
  readonly line: number;
  readonly methods: readonly string[];
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | undefined;
}

interface Expected<T> {
  readonly line: number;
  readonly value: T;
}

export interface HeaderLine extends Expected<string> {
  readonly name: string;
  readonly is: 'exact' | 'pattern' | 'absent';
}

export interface BodyLine extends Expected<string> {
  readonly is: 'empty' | 'text' | 'json' | 'file' | 'bytes' | 'pointer' | 'pattern' | 'no pattern';
}

/** The scripts of a folder. @throws Error as {@link parseScript} */
export function readScripts(folder: string, suffix: string): Script[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(suffix));
  return names.map((name) => parseScript(name, readFileSync(join(folder, name), 'utf8')));
}

/** @throws Error naming file and line, of a script that can not be read or holds no case. */
export function parseScript(name: string, text: string): Script {
  const reader = new Reader(name);
  for (const [index, line] of text.split('\n').entries()) reader.read(line.trimEnd(), index + 1);
  return reader.end();
}

/** The paths that a line of a request stands for: one, or one for each of the `{a,b}` in it. */
export function pathsOf(path: string): string[] {
  const [whole, inside] = /\{([^{}]*,[^{}]*)\}/.exec(path) ?? [];
  if (whole === undefined || inside === undefined) return [path];
  return inside.split(',').flatMap((part) => pathsOf(path.replace(whole, () => part)));
}

type Draft = { -readonly [K in keyof Omit<Case, 'status'>]: Case[K] extends readonly (infer T)[] ? T[] : Case[K] } & {
  status?: Expected<number>;
};
type DraftRequest = { -readonly [K in keyof ScriptRequest]: ScriptRequest[K] };

class Reader {
  readonly #name: string;
  readonly #cases: Case[] = [];
  #world = 'ordinary';
  #repo: string | undefined;
  #comments: string[] = [];
  #draft: Draft | undefined;
  #line = 0;

  constructor(name: string) {
    this.#name = name;
  }

  read(text: string, line: number): void {
    this.#line = line;
    if (text === '') this.#finish();
    else if (text.startsWith('#')) this.#comment(text.slice(1).trim());
    else if (text.startsWith('@')) this.#setting(text);
    else if (text.startsWith('>>')) this.#requestBody(text.slice(2).trim());
    else if (text.startsWith('>')) this.#request(text.slice(1).trim());
    else if (text.startsWith('<')) this.#answer(text.slice(1).trim());
    else if (text.startsWith('body ')) this.#body(text.slice('body '.length));
    else if (text.startsWith('  ')) this.#moreJson(text);
    else throw this.#bad(`"${text}" is none of: # @ > >> < body`);
  }

  end(): Script {
    this.#finish();
    if (this.#cases.length === 0) throw this.#bad('the script holds no request');
    return { name: this.#name, world: this.#world, cases: this.#cases };
  }

  #comment(text: string): void {
    if (this.#draft) throw this.#bad('a comment inside of a case: an empty line ends a case');
    this.#comments.push(text);
  }

  #setting(text: string): void {
    if (this.#draft) throw this.#bad('a setting inside of a case: an empty line ends a case');
    const [word, value, ...more] = text.split(' ');
    if (value === undefined || more.length > 0) throw this.#bad('a setting is a word and a name');
    if (word === '@repo') this.#repo = value;
    else if (word !== '@world') throw this.#bad(`${word} is neither @repo nor @world`);
    else if (this.#cases.length > 0) throw this.#bad('@world stands above the first case');
    else this.#world = value;
  }

  #request(text: string): void {
    const [, methods, path] = /^([A-Z]+(?:\|[A-Z]+)*) (\/\S*|\/.*\{.*)$/.exec(text) ?? [];
    if (methods !== undefined && path !== undefined) {
      if (this.#draft?.status) throw this.#bad('a request behind an answer: an empty line ends a case');
      this.#draft ??= this.#begun();
      this.#draft.requests.push({ line: this.#line, methods: methods.split('|'), path, headers: [], body: undefined });
      return;
    }
    const [, name, value] = /^([a-z0-9-]+): ?(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) throw this.#bad('neither "METHOD /path" nor "name: value"');
    const request = this.#lastRequest();
    request.headers = [...request.headers, [name, value]];
  }

  #begun(): Draft {
    const title = this.#comments.join(' ');
    this.#comments = [];
    return { title, line: this.#line, repo: this.#repo, requests: [], headers: [], body: [] };
  }

  #requestBody(text: string): void {
    const request = this.#lastRequest();
    request.body = request.body === undefined ? text : `${request.body}\n${text}`;
  }

  #lastRequest(): DraftRequest {
    const last = this.#draft?.status ? undefined : this.#draft?.requests.at(-1);
    if (!last) throw this.#bad('no request begins above');
    return last;
  }

  #answer(text: string): void {
    const draft = this.#draft;
    if (!draft) throw this.#bad('an answer without a request');
    if (!draft.status) {
      if (!/^[1-5]\d\d$/.test(text)) throw this.#bad('an answer begins with its status');
      draft.status = { line: this.#line, value: Number(text) };
      return;
    }
    const [, name, is, value = ''] = /^([a-z0-9-]+)(: | ~ | absent$)(.*)$/.exec(text) ?? [];
    if (name === undefined) throw this.#bad('none of: "name: value", "name ~ pattern", "name absent"');
    if (is === ' absent') draft.headers.push({ line: this.#line, name, is: 'absent', value });
    else draft.headers.push({ line: this.#line, name, is: is === ' ~ ' ? 'pattern' : 'exact', value });
  }

  #body(text: string): void {
    const draft = this.#draft;
    if (!draft?.status) throw this.#bad('a body without a status above it');
    const [, is, value = ''] = /^(empty|text|json|file|bytes|pointer|~|!~)(?: (.*))?$/.exec(text) ?? [];
    if (is === undefined) throw this.#bad('a body is: empty, text, json, file, bytes, pointer, ~ or !~');
    const kind = is === '~' ? 'pattern' : is === '!~' ? 'no pattern' : (is as BodyLine['is']);
    draft.body.push({ line: this.#line, is: kind, value });
  }

  #moreJson(text: string): void {
    const last = this.#draft?.body.pop();
    if (last?.is !== 'json') throw this.#bad('an indented line goes on with the JSON above it');
    this.#draft?.body.push({ ...last, value: `${last.value}\n${text}` });
  }

  /** An empty line: the case above it is complete, and comments above that are no title. */
  #finish(): void {
    const draft = this.#draft;
    this.#draft = undefined;
    this.#comments = [];
    if (!draft) return;
    const [first] = draft.requests;
    if (!draft.status || !first) throw this.#bad('a request without an answer');
    const title = draft.title || `${first.methods.join('|')} ${first.path}`;
    this.#cases.push({ ...draft, title, status: draft.status });
  }

  #bad(problem: string): Error {
    return new Error(`${this.#name}:${this.#line}: ${problem}`);
  }
}
