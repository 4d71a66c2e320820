// SPDX-License-Identifier: Apache-2.0
import { SHAPES } from './attack-shapes.ts';

/** Programs of note that lines of a script run. */
const COMMAND =
  /^[ \t@-]*(?:RUN[ \t]+|sudo[ \t]+|!)?(curl|wget|pip3?|uv|conda|apt(?:-get)?|yum|npm|git|rm|chmod|chown|docker|ssh|scp|rsync|nc|python3?|perl|ruby|node|powershell|eval|exec|source|aws|gcloud|kubectl|crontab|systemctl|kill|nohup)\b/gm;
/** Of one shape; what is found more often says the same. */
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
