// SPDX-License-Identifier: Apache-2.0

const FETCH = '(?:curl|wget|fetch|lwp-download|aria2c)\\b';
const SHELL =
  '(?:sudo\\s+)?(?:/(?:usr/)?bin/)?(?:env\\s+)?(?:ba|z|da|k|fi)?sh\\b|python[\\d.]*\\b|perl\\b|ruby\\b|node\\b|php\\b';

/** Command lines that are known from attacks. Each is reported as it is written. */
const SHAPES: readonly RegExp[] = [
  new RegExp(`${FETCH}[^|\\n]{0,400}\\|(?:[^|\\n]{0,100}\\|)?\\s*(?:${SHELL})`, 'g'),
  new RegExp(`(?:${SHELL}|eval|source|\\.)\\s+(?:-c\\s+)?["'\`]?(?:<\\(|\\$\\(|\`)\\s*${FETCH}[^\\n]{0,200}`, 'g'),
  new RegExp(
    `${FETCH}[^\\n;&|]{0,300}(?:;|&&)\\s*(?:chmod\\s+[^\\n;&|]{1,80}(?:;|&&)\\s*)(?:nohup\\s+)?(?:\\./|/tmp/|${SHELL})[^\\n]{0,80}`,
    'g',
  ),
  new RegExp(
    `(?:base64\\s+(?:-d|-D|--decode)|xxd\\s+-r|openssl\\s+(?:enc|base64)\\s+-d|rev|gunzip|gzip\\s+-d)\\b[^|\\n]{0,100}\\|\\s*(?:${SHELL})`,
    'g',
  ),
  /\/dev\/(?:tcp|udp)\/[^\s"']{1,80}/g,
  /\b(?:nc|ncat|netcat|socat)\b[^\n|;]{0,120}(?:-\w*[ec]\w*\s+\S*sh\b|EXEC:)[^\n]{0,60}/gi,
  /\bmkfifo\s+\S+[^\n]{0,120}\b(?:nc|ncat|netcat|telnet|openssl)\b/g,
  /\b(?:bash|sh|zsh)\s+-i\s*(?:>&|<&|[012]>&)[^\n]{0,80}/g,
  /\brm\s+(?:-\w+\s+)*-\w{0,30}[rR]\w{0,30}\s+(?:-\w+\s+|--no-preserve-root\s+)*["']?(?:\/|~|\$\{?HOME\}?|\/\*)["']?(?=\s|$|[;&|*])/g,
  /:\(\)\s*\{\s*:\s*\|\s*:\s*&\s*\}\s*;\s*:/g,
  /\bdd\s+if=\/dev\/(?:zero|u?random)\s+of=\/dev\/[a-z]+/g,
  /\bmkfs(?:\.\w+)?\s+\/dev\/\w+/g,
  />>?\s*["']?(?:~|\$HOME|\$\{HOME\}|\/root|\/home\/\w+)\/\.(?:ssh\/authorized_keys|bashrc|profile|zshrc|bash_profile)/g,
  /\bcrontab\s+-(?:\s|$)|(?:>>?|tee)\s*(?:-a\s+)?\/etc\/(?:cron|passwd|shadow|sudoers|ld\.so\.preload|rc\.local)[^\s]*/g,
  /\b(?:powershell|pwsh)(?:\.exe)?\b[^\n]{0,200}\s-(?:e|ec|en|enc|enco\w*)\s+[A-Za-z0-9+/=]{16,}/gi,
  /\b(?:IEX|Invoke-Expression)\b[^\n]{0,120}(?:DownloadString|Invoke-WebRequest|iwr\b|Net\.WebClient|FromBase64String)|(?:DownloadString|DownloadFile|FromBase64String|Net\.WebClient|iwr\b|Invoke-WebRequest)[^\n]{0,200}(?:\|\s*)?(?:IEX|Invoke-Expression|Start-Process)\b/gi,
  /\b(?:certutil(?:\.exe)?\s+[^\n]{0,40}-urlcache|bitsadmin(?:\.exe)?\s+\/transfer|mshta(?:\.exe)?\s+["']?(?:http|javascript|vbscript)|regsvr32(?:\.exe)?\s+[^\n]{0,60}\/i:http|rundll32(?:\.exe)?\s+javascript)[^\n]{0,80}/gi,
  /\breg(?:\.exe)?\s+add\s+[^\n]{0,40}CurrentVersion\\+Run\b[^\n]{0,60}/gi,
  /\bvssadmin(?:\.exe)?\s+delete\s+shadows|\bformat(?:\.com)?\s+[a-z]:\s*\/[qy]|\bdel\s+\/[fsq]\s+(?:\/[fsq]\s+)*[a-z]:\\/gi,
  /\b(?:curl|wget)\b[^\n]{0,200}(?:\/etc\/(?:passwd|shadow)|\.ssh\/|\.aws\/|\$\(\s*(?:env|printenv|cat\s)|`\s*(?:env|printenv|cat\s)|-d\s+["']?@?\$?\(?env\b)[^\n]{0,80}/g,
  /\b(?:env|printenv|cat\s+[^\n|]{0,60}(?:\.ssh|\.aws|\.netrc|\/etc\/shadow)[^\n|]{0,40})\s*\|[^\n]{0,80}\b(?:curl|nc|ncat|wget)\b[^\n]{0,80}/g,
];

/** Programs of note that lines of a script run. */
const COMMAND =
  /^[ \t@-]*(?:RUN[ \t]+|sudo[ \t]+|!)?(curl|wget|pip3?|uv|conda|apt(?:-get)?|yum|npm|git|rm|chmod|chown|docker|ssh|scp|rsync|nc|python3?|perl|ruby|node|powershell|eval|exec|source|aws|gcloud|kubectl|crontab|systemctl|kill|nohup)\b/gm;
const MAX_FOUND = 200;

export function* commandShapes(text: string): Generator<{ name: string; at: number }> {
  const line = text.replace(/\\\r?\n/g, '  ');
  for (const shape of SHAPES) {
    let found = 0;
    for (const match of line.matchAll(shape)) {
      if (found++ >= MAX_FOUND) break;
      yield { name: match[0].trim().slice(0, 160), at: match.index };
    }
  }
}

export function commandsIn(text: string): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(COMMAND)) {
    found.add(match[1] ?? '');
    if (found.size >= 30) break;
  }
  return [...found];
}
