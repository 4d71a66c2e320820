// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';
import { z } from 'zod';
import { messageOf } from '#src/domain/errors.ts';
import { globMatcher } from '#src/domain/glob.ts';
import { compileCel } from '#src/policy/cel.ts';
import { POLICY_RULES } from '#src/policy/rules.ts';
import { parseBytes } from './sizes.ts';

// Fields of the configuration. The `error` of each is what was expected, in words: problems.ts puts it behind the
// key and the value.

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export function wholeNumber(min: number, max: number) {
  const fits = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
  return z
    .custom<number>(fits, { error: `a whole number from ${min} to ${max}` })
    .meta({ type: 'integer', minimum: min, maximum: max });
}

export function yesOrNo() {
  return z.boolean({ error: 'true or false' });
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `one of ${values.join(', ')}` });
}

export function text(expected: string) {
  return z
    .custom<string>((value) => typeof value === 'string' && isLine(value), { error: expected })
    .meta({ type: 'string', description: expected });
}

function isLine(value: string): boolean {
  return value.trim() !== '' && value.length <= 1000 && !/\p{Cc}/u.test(value);
}

export function bytes(min = 0) {
  return z
    .unknown()
    .transform((value, context) => {
      const size = parseBytes(value);
      if (size !== undefined && size >= min) return size;
      const least = min > 0 ? `, at least ${min}` : '';
      context.addIssue({ code: 'custom', message: `a number of bytes, or a size such as "200 GiB"${least}` });
      return z.NEVER;
    })
    .meta({ type: ['integer', 'string'], description: 'bytes, or a size such as "200 GiB"' });
}

/** `host:port`; an IPv6 address in brackets. Port 0 takes a free one. */
export function listen() {
  return z.unknown().transform((value, context): Listen => {
    const match = typeof value === 'string' ? /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(value) : null;
    const host = (match?.[1] ?? '').replace(/^\[|\]$/g, '');
    const port = Number(match?.[2] ?? -1);
    if (match && port <= 65_535 && URL.canParse(`http://${match[0]}`)) return { host, port };
    context.addIssue({ code: 'custom', message: '"host:port" such as "127.0.0.1:8080" or "[::1]:8080"' });
    return z.NEVER;
  });
}

/** A Unix socket's absolute path, or `host:port`. */
export function clamdAddress() {
  return z.unknown().transform((value, context): { socket: string } | Listen => {
    if (typeof value === 'string' && value.startsWith('/') && isLine(value)) return { socket: value };
    const address = listen().safeParse(value);
    if (address.success && address.data.port > 0) return address.data;
    context.addIssue({ code: 'custom', message: 'a socket such as "/run/clamav/clamd.ctl", or "host:port"' });
    return z.NEVER;
  });
}

/** An address, or a range in CIDR notation. */
export function addressRange() {
  return z.custom<string>((value) => typeof value === 'string' && isAddressRange(value), {
    error: 'an address or a range such as "10.0.0.0/8"',
  });
}

function isAddressRange(value: string): boolean {
  const match = /^([0-9A-Fa-f:.]{2,45})(?:\/(\d{1,3}))?$/.exec(value);
  const version = isIP(match?.[1] ?? '');
  return version !== 0 && Number(match?.[2] ?? 0) <= (version === 6 ? 128 : 32);
}

export function listenText({ host, port }: Listen): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An absolute http(s) URL without credentials, query or trailing slash; `origin`: without a path as well. */
export function httpUrl(options: { readonly origin?: boolean } = {}) {
  const expected = `an http:// or https:// URL without ${options.origin ? 'path' : 'slash at the end'}, user name, query or fragment`;
  return z.custom<string>((value) => typeof value === 'string' && isHttpUrl(value, options.origin === true), {
    error: expected,
  });
}

function isHttpUrl(value: string, originOnly: boolean): boolean {
  if (!/^https?:\/\/[^/]/.test(value) || /[\s\\?#@]|\/$/.test(value) || !URL.canParse(value)) return false;
  return !originOnly || new URL(value).pathname === '/';
}

/** As a browser writes it in `Origin`: scheme, host, and a port that is not the scheme's own. */
export function webOrigin() {
  return z.custom<string>(
    (value) => typeof value === 'string' && isHttpUrl(value, true) && new URL(value).origin === value,
    {
      error: 'the origin of a web page such as "https://notebooks.example"',
    },
  );
}

/** It stands in names of variables, where "-" is "_" and `_FILE` has a meaning of its own. */
export function endpointName() {
  return z.custom<string>(
    (value) =>
      typeof value === 'string' && /^(?!.*-file$)[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(value) && value.length <= 32,
    {
      error: 'a name of lower-case letters, digits and single "-", at most 32 of them, that does not end in "-file"',
    },
  );
}

/** A name or an address, without a port. */
export function mailHost() {
  return z.custom<string>(
    (value) =>
      typeof value === 'string' && /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$|^[0-9A-Fa-f:]{2,39}$/.test(value),
    {
      error: 'the name or the address of a mail server',
    },
  );
}

/** An address alone, without the name of its owner: nothing in it can begin another header. */
export function mailAddress() {
  return z.custom<string>(
    (value) =>
      typeof value === 'string' &&
      value.length <= 254 &&
      /^[A-Za-z0-9._%+=-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(value),
    {
      error: 'a mail address such as "airlock@example.org"',
    },
  );
}

export function glob() {
  return z
    .custom<string>((value) => typeof value === 'string' && isGlob(value), {
      error: 'a pattern such as "org/*" or "*.safetensors"',
    })
    .meta({ type: 'string', description: 'a pattern such as "org/*" or "*.safetensors"' });
}

/** A pattern of file names, or a format by its content. */
export function fileType() {
  const fits = (value: string) =>
    value.startsWith('format:') ? /^format:[a-z0-9][a-z0-9.+-]*$/.test(value) : isGlob(value);
  return z
    .custom<string>((value) => typeof value === 'string' && fits(value), {
      error: 'a pattern such as "*.safetensors", or a format such as "format:gguf"',
    })
    .meta({ type: 'string', description: 'a pattern of names, or "format:" and a format' });
}

function isGlob(value: string): boolean {
  if (!isLine(value)) return false;
  try {
    globMatcher(value);
    return true;
  } catch {
    return false;
  }
}

/** The id of a rule: `custom.<id>` in reasons and approvals. Not that of a rule of ours, which people would confuse. */
export function customId() {
  const ours: readonly string[] = POLICY_RULES;
  const fits = (value: unknown) =>
    typeof value === 'string' && /^[a-z][a-z0-9-]{0,59}$/.test(value) && !ours.includes(value);
  return z
    .custom<string>(fits, { error: 'an id of lower-case letters, digits and "-" that no built-in rule has' })
    .meta({ type: 'string', pattern: '^[a-z][a-z0-9-]{0,59}$' });
}

/** A CEL expression over the evidence document. What is wrong with it stops the start, with the place. */
export function celExpression() {
  return z
    .unknown()
    .transform((value, context): string => {
      try {
        if (typeof value !== 'string') throw new SyntaxError('it is no text');
        compileCel(value);
        return value;
      } catch (error) {
        context.addIssue({ code: 'custom', message: `a CEL expression over "evidence"; ${messageOf(error)}` });
        return z.NEVER;
      }
    })
    .meta({ type: 'string', description: 'a CEL expression over "evidence": src/policy/EVIDENCE.md' });
}

export function list<T extends z.ZodType>(item: T) {
  return z.array(item, { error: 'a list' });
}

export function mapping<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? 'a mapping of keys' : undefined) });
}
