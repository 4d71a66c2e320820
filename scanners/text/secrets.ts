// SPDX-License-Identifier: Apache-2.0

/** What a credential looks like, by its issuer's own format. The first group, if any, is the secret part. */
const ISSUED: readonly (readonly [kind: string, pattern: string])[] = [
  ['AWS access key', '\\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\\b'],
  ['GitHub token', '\\bgh[pousr]_[A-Za-z0-9]{36,251}\\b'],
  ['GitHub token', '\\bgithub_pat_\\w{60,90}\\b'],
  ['GitLab token', '\\bgl(?:pat|dt|rt|ptt|soat|agent|cbt)-[\\w-]{20,}'],
  ['Hugging Face token', '\\b(?:hf|api_org)_[A-Za-z0-9]{34,40}\\b'],
  ['Anthropic key', '\\bsk-ant-[\\w-]{20,}'],
  ['OpenAI key', '\\bsk-(?:proj|svcacct|admin|None)-[\\w-]{20,}|\\bsk-[A-Za-z0-9]{48}\\b'],
  ['OpenRouter key', '\\bsk-or-v1-[0-9a-f]{64}\\b'],
  ['Slack token', '\\bxox[abeoprs]-[\\w-]{10,}|\\bxapp-\\d-[\\w-]{10,}'],
  ['Slack webhook', 'hooks\\.slack\\.com/(?:services|workflows)/[\\w/]{30,}'],
  ['Stripe key', '\\b[sr]k_(?:live|test)_[0-9A-Za-z]{16,}'],
  ['Twilio key', '\\bSK[0-9a-f]{32}\\b'],
  ['SendGrid key', '\\bSG\\.[\\w-]{22}\\.[\\w-]{43}'],
  ['npm token', '\\bnpm_[A-Za-z0-9]{36}\\b'],
  ['PyPI token', '\\bpypi-AgE[\\w-]{40,}'],
  ['Discord token', '\\b[MNO][A-Za-z\\d_-]{23,27}\\.[\\w-]{6}\\.[\\w-]{27,40}'],
  ['Discord webhook', 'discord(?:app)?\\.com/api/webhooks/\\d+/[\\w-]{60,}'],
  ['Telegram token', '\\b\\d{8,10}:AA[\\w-]{33}'],
  ['Google key', '\\bAIza[\\w-]{35}'],
  ['Google OAuth secret', '\\bGOCSPX-[\\w-]{28}|\\bya29\\.[\\w-]{30,}'],
  ['Azure storage key', '\\bAccountKey=[A-Za-z0-9+/]{80,90}={0,2}'],
  ['Azure signature', '[?&]sig=[A-Za-z0-9%/+]{40,70}(?:%3D|=)'],
  ['JSON web token', '\\beyJ[\\w-]{15,}\\.eyJ[\\w-]{15,}\\.[\\w-]{15,}'],
  [
    'private key',
    '-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\\\\r|\\\\n|\\s)+(?:[A-Za-z][\\w-]*: |[A-Za-z0-9+/=]{8})',
  ],
  ['private key', '\\bPuTTY-User-Key-File-\\d: \\w'],
  ['age key', '\\bAGE-SECRET-KEY-1[0-9A-Z]{50,}'],
  ['DigitalOcean token', '\\bdo[opr]_v1_[a-f0-9]{64}\\b'],
  ['Shopify token', '\\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\\b'],
  ['Docker token', '\\bdckr_(?:pat|oat)_[\\w-]{27,}'],
  ['NVIDIA key', '\\bnvapi-[\\w-]{60,}'],
  ['Groq key', '\\bgsk_[A-Za-z0-9]{40,}'],
  ['Replicate token', '\\br8_[A-Za-z0-9]{37}\\b'],
  ['Databricks token', '\\bdapi[0-9a-f]{32}\\b'],
  ['Perplexity key', '\\bpplx-[A-Za-z0-9]{40,}'],
  ['xAI key', '\\bxai-[A-Za-z0-9]{70,}'],
  ['Tailscale key', '\\btskey-\\w+-[\\w-]{20,}'],
  ['Vault token', '\\bhv[sb]\\.[\\w-]{24,}'],
  ['Grafana token', '\\bgl(?:c|sa)_[\\w+/=]{32,}'],
  ['Linear key', '\\blin_api_[A-Za-z0-9]{40}\\b'],
  ['Mailgun key', '\\bkey-[0-9a-f]{32}\\b'],
];

/** Anything that may begin one of them: what the many megabytes of a data set are searched for. */
const BEGINNINGS =
  /A(?:KIA|SIA|BIA|CCA|Iza|GE-SECRET|ccountKey=)|g(?:h[pousr]_|ithub_pat_|l[a-z]{1,5}[-_]|sk_)|hf_|api_org_|sk[-_]|rk_|xox[a-z]-|xapp-|hooks\.sl|S(?:K[0-9a-f]{8}|G\.)|n(?:pm_|vapi-)|p(?:ypi-A|plx-)|d(?:o[opr]_v1|ckr_|api[0-9a-f]|iscord)|GOCSPX|ya29\.|[?&]sig=|eyJ|-----BEGIN|PuTTY|:AA|shp[a-z]{2}_|r8_|xai-|tskey-|hv[sb]\.|lin_api|key-[0-9a-f]{8}|[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\./;

/** Assignments of what the name calls a secret. Groups: the name, the value. */
const ASSIGNED: readonly RegExp[] = [
  /\b((?:[\w-]{0,100}[_-])?(?:api[_-]?key|apikey|secret(?:[_-]?(?:access[_-]?)?key)?|access[_-]?key|auth[_-]?token|access[_-]?token|client[_-]?secret|private[_-]?key|passw(?:or)?d|pwd|token|credentials?))\\?["']?\s*(?::=|=>|[:=])\s*\\?["']([^"'\s\\]{12,200})\\?["']/gi,
  /^[ \t]*(?:export[ \t]+|set[ \t]+|ENV[ \t]+)?([A-Z][A-Z0-9_]*(?:API_?KEY|SECRET(?:_ACCESS)?(?:_?KEY)?|TOKEN|PASSWORD|PASSWD|ACCESS_KEY))[ \t]*=[ \t]*([^\s"'#$]{12,200})[ \t]*$/gm,
  /\b(aws_secret_access_key|AWS_SECRET_ACCESS_KEY|secretAccessKey)["']?\s*[:=]\s*["']?([A-Za-z0-9/+]{40})\b/g,
  /\b(machine)\s+\S+\s+login\s+\S+\s+password\s+(\S{4,200})/g,
  /\b((?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|ftps?|sftp|https?|ssh|smtp)(?:\+\w+)?:\/\/[^\s:/@"'<>`{}$]{1,64}):([^\s@/"'<>`{}$]{4,200})@[\w-]+[.\w-]*/g,
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

const COMPILED = ISSUED.map(([kind, pattern]) => [kind, new RegExp(pattern, 'g')] as const);

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
