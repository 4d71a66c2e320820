// SPDX-License-Identifier: Apache-2.0

const FETCH = '(?:curl|wget|fetch|lwp-download|aria2c|axel|lynx|ftp)\\b';
/** What runs the text that it is handed, and what may stand before it. */
const BEFORE =
  '(?:(?:sudo|env|/usr/bin/env|nohup|setsid|exec|nice|busybox)\\s+(?:-\\S{1,40}\\s+|\\w{1,40}=\\S{0,80}\\s+){0,3}){0,3}';
const SHELL = `${BEFORE}(?:(?:/(?:usr/)?(?:local/)?bin/)?(?:(?:ba|z|da|k|fi|a|tc)?sh\\b|python[\\d.]*\\b|perl\\b|ruby\\b|node\\b|php\\b)|["']?\\$\\$?\\{?(?:SHELL|BASH)\\b|xargs\\s[^|\\n]{0,60}\\b(?:ba|z|da)?sh\\b|tee\\s[^|\\n]{0,60}>\\(\\s*(?:ba|z|da)?sh\\b)`;
const DECODE =
  '(?:base64\\s+(?:-d|-D|--decode)|xxd\\s+(?:-\\w{1,8}\\s+){0,3}-\\w{0,8}r\\w{0,8}|openssl\\s+(?:enc|base64)\\s+-d)';

/** Command lines that are known from attacks. Each is reported as it is written. */
export const SHAPES: readonly RegExp[] = [
  new RegExp(`${FETCH}[^|\\n]{0,400}\\|(?:[^|\\n]{0,100}\\|)?\\s*(?:${SHELL})`, 'g'),
  new RegExp(
    `(?:${SHELL}|eval|source|\\.)\\s+(?:-\\w{1,8}\\s+)?(?:/dev/stdin\\s+)?(?:<<<\\s*)?["'\`]?(?:<\\(|\\$\\$?\\(|\`)\\s*${FETCH}[^\\n]{0,200}`,
    'g',
  ),
  new RegExp(
    `${FETCH}[^\\n;&|]{0,300}(?:;|&&)\\s*(?:chmod\\s+[^\\n;&|]{1,80}(?:;|&&)\\s*)(?:nohup\\s+)?(?:\\./|/tmp/|${SHELL})[^\\n]{0,80}`,
    'g',
  ),
  new RegExp(`(?:${DECODE}|rev|gunzip|gzip\\s+-d)\\b[^|\\n]{0,100}\\|\\s*(?:${SHELL})`, 'g'),
  /\/dev\/(?:tcp|udp)\/[^\s"']{1,80}/g,
  /\b(?:nc|ncat|netcat|socat)\b[^\n|;]{0,120}(?:-\w*[ec]\w*\s+\S*sh\b|EXEC:)[^\n]{0,60}/gi,
  /\bmkfifo\s+\S+[^\n]{0,120}\b(?:nc|ncat|netcat|telnet|openssl)\b/g,
  /\b(?:bash|sh|zsh)\s+-i\s*(?:>&|<&|[012]>&)[^\n]{0,80}/g,
  /\brm\s+(?:-\w+\s+)*-\w{0,30}[rR]\w{0,30}\s+(?:-\w+\s+|--no-preserve-root\s+)*["']?(?:\/|~|\$\$?\{?HOME\}?)["']?(?:\/?\.?\*|\/)?(?=\s|$|["';&|])/g,
  /:\(\)\s*\{\s*:\s*\|\s*:\s*&\s*\}\s*;\s*:/g,
  /\bdd\s+if=\/dev\/(?:zero|u?random)\s+of=\/dev\/[a-z]+/g,
  /\bmkfs(?:\.\w+)?\s+\/dev\/\w+/g,
  /(?:>>?|\btee(?:[ \t]-a)?)\s*["']?(?:~|\$HOME|\$\{HOME\}|\/root|\/home\/\w+)\/\.(?:ssh\/authorized_keys|bashrc|profile|zshrc|bash_profile)/g,
  /\bcrontab\s+-(?:\s|$)|(?:>>?|tee)\s*(?:-a\s+)?\/etc\/(?:cron|passwd|shadow|sudoers|ld\.so\.preload|rc\.local)[^\s]*/g,
  /\b(?:powershell|pwsh)(?:\.exe)?\b[^\n]{0,200}\s-(?:e|ec|en|enc|enco\w*)\s+[A-Za-z0-9+/=]{16,}/gi,
  /\b(?:IEX|Invoke-Expression)\b[^\n]{0,120}(?:DownloadString|Invoke-WebRequest|iwr\b|Net\.WebClient|FromBase64String)|(?:DownloadString|DownloadFile|FromBase64String|Net\.WebClient|iwr\b|Invoke-WebRequest)[^\n]{0,200}(?:\|\s*)?(?:IEX|Invoke-Expression|Start-Process)\b/gi,
  /\b(?:certutil(?:\.exe)?\s+[^\n]{0,40}-urlcache|bitsadmin(?:\.exe)?\s+\/transfer|mshta(?:\.exe)?\s+["']?(?:http|javascript|vbscript)|regsvr32(?:\.exe)?\s+[^\n]{0,60}\/i:http|rundll32(?:\.exe)?\s+javascript)[^\n]{0,80}/gi,
  /\breg(?:\.exe)?\s+add\s+[^\n]{0,40}CurrentVersion\\+Run\b[^\n]{0,60}/gi,
  /\bvssadmin(?:\.exe)?\s+delete\s+shadows|\bformat(?:\.com)?\s+[a-z]:\s*\/[qy]|\bdel\s+\/[fsq]\s+(?:\/[fsq]\s+)*[a-z]:\\/gi,
  /\b(?:curl|wget)\b[^\n]{0,200}(?:\/etc\/(?:passwd|shadow)|\.ssh\/|\.aws\/|\$\(\s*(?:env|printenv|cat\s)|`\s*(?:env|printenv|cat\s)|-d\s+["']?@?\$?\(?env\b)[^\n]{0,80}/g,
  /\b(?:env|printenv|cat\s+[^\n|]{0,60}(?:\.ssh|\.aws|\.netrc|\/etc\/shadow)[^\n|]{0,40})\s*\|[^\n]{0,80}\b(?:curl|nc|ncat|wget)\b[^\n]{0,80}/g,
  // An interpreter that is handed a program on its command line: what it decodes or fetches it runs.
  /\bpython[\d.]*\s+(?:-\w+\s+){0,3}-c\b(?=[^\n]{0,500}\b(?:exec|eval)\s*\()(?=[^\n]{0,500}(?:b\d\ddecode|decodebytes|unhexlify|fromhex|decompress|marshal|urlopen|requests\.|rot_?13))[^\n]{0,120}/g,
  // The same with a socket whose other end gets a shell.
  /\bpython[\d.]*\s+(?:-\w+\s+){0,3}-c\b(?=[^\n]{0,500}\bsocket\b)(?=[^\n]{0,500}(?:\bdup2\b|pty\.spawn|subprocess|os\.system|\/bin\/))[^\n]{0,120}/g,
  /\b(?:perl|ruby|php\d?|node(?:js)?|lua[\d.]*)\s+(?:-\w+\s+){0,3}-\w{1,8}(?=[^\n]{0,600}(?:\bSocket\b|TCPSocket|fsockopen|\bsocket\b|net\.(?:Socket|connect)|child_process))(?=[^\n]{0,600}(?:\bexec\b|popen|spawn|os\.execute|\/bin\/|\bsh\b))[^\n]{0,120}/g,
  /\/inet\d?\/(?:tcp|udp)\/[^\s"']{1,80}/g,
  new RegExp(`\\b(?:openssl\\s+s_client|telnet|nc|ncat|netcat)\\s[^|\\n]{0,200}\\|\\s*(?:${SHELL})`, 'g'),
  new RegExp(
    `\\b(?:eval|(?:ba|z|da)?sh\\s+-c|(?:ba|z|da)?sh\\s+<<<)\\s+["']?(?:\\$\\$?\\(|\`)[^\\n]{0,200}${DECODE}[^\\n]{0,60}`,
    'g',
  ),
  /\bzmodload\s+zsh\/net\/tcp\b/g,
  /\|\s*\{(?:base64|bash|sh|zsh),[^}\n]{1,60}\}/g,
  /\b(?:cat|curl|wget|nc|bash|sh|python3?)\$\$?\{?IFS\b[^\n]{0,80}/g,
  new RegExp(
    `\\b(?:printf|echo)\\s(?=[^|\\n]{0,200}\\\\(?:x[0-9a-fA-F]{2}|[0-7]{3}))[^|\\n]{0,400}\\|\\s*(?:${SHELL})`,
    'g',
  ),
  /\bfind\s+["']?(?:\/|~|\$\$?\{?HOME\}?)["']?\s[^\n]{0,160}(?:-delete\b|-exec\s+(?:rm|shred|curl|wget|nc)\b)[^\n]{0,60}/g,
  /\b(?:tar|zip|cat|gpg|find)\s(?=[^\n|]{0,200}(?:\.(?:ssh|aws|gnupg|kube|netrc|mozilla|\w{2,4}_history)\b|\/etc\/(?:passwd|shadow)|\bid_(?:rsa|ed25519)))[^\n|]{0,300}\|[^\n]{0,80}\b(?:curl|nc|ncat|wget)\b[^\n]{0,60}/g,
  /\b(?:curl|wget)\s[^\n]{0,200}169\.254\.169\.254\/(?:latest\/meta-data\/iam|latest\/api\/token|metadata\/identity)[^\n]{0,80}/g,
  /\bstratum\+(?:tcp|ssl|tls):\/\/[^\s"']{1,80}/g,
];
