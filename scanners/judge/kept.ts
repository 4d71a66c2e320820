// SPDX-License-Identifier: Apache-2.0
import type { Finding, Level } from './finding.ts';

/** More findings than anyone reads are counted and not kept; the words of one are bytes of a stranger, and bounded. */
const KEPT_FINDINGS = 200;
const MESSAGE_LENGTH = 1000;
const MEMBER_LENGTH = 300;

/** The findings of one file: at most so many of each level are held, whatever the file says. */
export class Kept {
  private readonly levels: Record<Level, { finding: Finding; place: number }[]> = { block: [], review: [], info: [] };
  private total = 0;

  add(finding: Finding): void {
    const same = this.levels[finding.level];
    if (same.length < KEPT_FINDINGS) same.push({ finding: bounded(finding), place: this.total });
    this.total++;
  }

  /** All in the order in which they were added; or, of too many, the worst and how many are missing. */
  findings(): Finding[] {
    const { block, review, info } = this.levels;
    const worst = [...block, ...review, ...info];
    if (this.total <= KEPT_FINDINGS) return worst.sort((a, b) => a.place - b.place).map(({ finding }) => finding);
    const message = `${this.total - KEPT_FINDINGS} more findings are not shown`;
    const shown = worst.slice(0, KEPT_FINDINGS).map(({ finding }) => finding);
    return [...shown, { rule: 'more-findings', level: 'info', message }];
  }
}

function bounded(finding: Finding): Finding {
  const { member, message } = finding;
  if (message.length <= MESSAGE_LENGTH && (member === undefined || member.length <= MEMBER_LENGTH)) return finding;
  const short = { ...finding, message: cut(message, MESSAGE_LENGTH) };
  return member === undefined ? short : { ...short, member: cut(member, MEMBER_LENGTH) };
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 3)}...` : text;
}
