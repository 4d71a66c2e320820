// SPDX-License-Identifier: Apache-2.0
import { ISSUED } from './issuers.ts';

/** What the many megabytes of a data set are searched for: anything that may begin one. */
const BEGINNINGS = new RegExp(ISSUED.map(([, start]) => start).join('|'));

/** Assignments of what the name calls a secret. Groups: the name, the value. */
const ASSIGNED: readonly RegExp[] = [
  /\b((?:[\w-]{0,100}[_-])?(?:api[_-]?key|apikey|secret(?:[_-]?(?:access[_-]?)?key)?|access[_-]?key|auth[_-]?token|access[_-]?token|client[_-]?secret|private[_-]?key|passw(?:or)?d|pwd|token|credentials?))\\?["']?\s*(?::=|=>|[:=])\s*\\?["']([^"'\s\\]{12,200})\\?["']/gi,
  /^[ \t]*(?:export[ \t]+|set[ \t]+|ENV[ \t]+)?([A-Z][A-Z0-9_]*(?:API_?KEY|SECRET(?:_ACCESS)?(?:_?KEY)?|TOKEN|PASSWORD|PASSWD|ACCESS_KEY))[ \t]*=[ \t]*([^\s"'#$]{12,200})[ \t]*$/gm,
  /\b(aws_secret_access_key|AWS_SECRET_ACCESS_KEY|secretAccessKey)["']?\s*[:=]\s*["']?([A-Za-z0-9/+]{40})\b/g,
  /\b(machine)\s+\S+\s+login\s+\S+\s+password\s+(\S{4,200})/g,
  /\b((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|ftps?|sftp|https?|ssh|smtp)(?:\+\w+)?:\/\/[^\s:/@"'<>`{}$]{0,64}):([^\s@/"'<>`{}$]{4,200})@[\w-]+[.\w-]*/g,
  /\b(login)\((?:\w+\s*=\s*)?["']([A-Za-z0-9_]{32,200})["']/g,
  /"username"\s*:\s*"[^"]{1,64}"\s*,\s*"(key)"\s*:\s*"([0-9a-f]{32})"/g,
  /"(auth)"\s*:\s*"([A-Za-z0-9+/]{20,200}={0,2})"/g,
  /\b(?:Server|Data Source|Host)\s*=[^\n]{0,200};\s*(Password|Pwd)\s*=\s*([^;\s"']{8,100})/gi,
  /\b(Authorization["']?\s*[:=]\s*["']?(?:Bearer|Basic|token))\s+([A-Za-z0-9._~+/=-]{20,300})/gi,
];

const ENTROPY = 3.2;

/** `kind: first characters... (length)` of each credential in the text; the secret itself is never kept. */
export function* issuedSecrets(text: string): Generator<{ name: string; at: number }> {
  if (!BEGINNINGS.test(text)) return;
  for (const [kind, pattern] of COMPILED)
    for (const match of text.matchAll(pattern))
      if (!isPlaceholder(match[0])) yield { name: described(kind, match[0]), at: match.index };
}

const COMPILED = ISSUED.map(([kind, start, rest]) => [kind, new RegExp(`${start}${rest}`, 'g')] as const);

export function* assignedSecrets(text: string): Generator<{ name: string; at: number }> {
  if (!/key|secret|token|passw|pwd|credential|:\/\/|Authorization/i.test(text)) return;
  for (const [i, pattern] of ASSIGNED.entries())
    for (const match of text.matchAll(pattern)) {
      const [, name = '', value = ''] = match;
      const named = i >= 3 && i <= 4;
      if (isPlaceholder(value) || isCode(value) || (!named && !isRandom(value))) continue;
      yield { name: described(i === 4 ? 'password in a URL' : name.slice(0, 40), value), at: match.index };
    }
}

/** First four characters and the length, and nothing of a header that says the same for all. */
function described(kind: string, secret: string): string {
  return `${kind}: ${secret.slice(0, 4)}... (${secret.length} characters)`;
}

const STAND_INS =
  /your|placeholder|insert|replace|redact|change[-_]?me|dummy|sample|put[-_]|enter|todo|fixme|secret[-_]?here|token[-_]?here|key[-_]?here|<|>|\$\{|\{\{|\.\.\.|\*{3}|x{6,}|X{6,}|0{10,}|^(?:user|pass|password|passwd|pwd|secret|token|admin|root|test|none|null|true|false|undefined|mypassword|my[-_]?\w+)$/i;

/** What documentation writes where a reader is to put a secret. */
function isPlaceholder(value: string): boolean {
  return STAND_INS.test(value) || /^([-xX*._0])\1*$/.test(value);
}

/** A value that is computed, named or looked up is none. */
function isCode(value: string): boolean {
  return (
    /^(?:os\.|process\.|env|self\.|args|config|\$|%|@|None|import|http|\/|\.\/|<\||\[|\()|\(|\)$|^[A-Z][A-Z_]+$/.test(
      value,
    ) || /^[a-z]+(?:[-_. ][a-z]+)*$/i.test(value)
  );
}

/** Letters and digits mixed without a pattern; hashes and ids are told apart by the name before them. */
function isRandom(value: string): boolean {
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / value.length) * Math.log2(count / value.length);
  return entropy >= ENTROPY;
}
