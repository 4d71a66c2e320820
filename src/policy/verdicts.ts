// SPDX-License-Identifier: Apache-2.0
import { type Approval, isAccepted, type Reason } from '#src/domain/decision.ts';
import type { BlobScan, Finding, Level, ScannedFile, Verdict, WithheldFile } from '#src/domain/evidence.ts';
import { anyGlob } from '#src/domain/glob.ts';
import { printable } from '#src/domain/repo.ts';
import { oneLine, reasonOf } from './reason.ts';
import type { PolicyRule, PolicyRules } from './rules.ts';

export interface VerdictJudgement {
  readonly reasons: Reason[];
  readonly withheld: WithheldFile[];
}

/**
 * Files one by one, with every reason of every file.
 *
 * Withholding: where safetensors weights passed, a file that a person would have to look at (custom code, a pickle
 * beside the safetensors, a format that no scanner knows) is left out of the selection, and the release need not
 * wait for it. What is left may lack something that a loader wants, such as the code behind `trust_remote_code`; the
 * client is then told that the file does not exist. An approval that names the withheld entry's key has it served. That is the safe side of a convenience, so it stays a plain rule of names and verdicts and
 * does not guess what a loader needs. A safetensors file is never withheld: half a set of shards is no model. What a
 * scanner would block, or could not read, is never withheld either: it says something about the whole commit.
 */
export function judgeVerdicts(
  files: readonly ScannedFile[],
  rules: PolicyRules,
  approval?: Approval,
): VerdictJudgement {
  const inert = anyGlob(rules.files.inert);
  const mayWithhold = rules.withhold.reviewBesideSafetensors && files.some((file) => isPassingSafetensors(file));
  const judgement: VerdictJudgement = { reasons: [], withheld: [] };
  for (const file of files) {
    for (const reason of judgeFile(file, rules, inert)) {
      const withholdable = reason.rule === 'verdict-review' || reason.rule === 'file-unjudged';
      const accepted = isAccepted(reason, approval?.accepts ?? []);
      if (mayWithhold && withholdable && !accepted && !isSafetensorsName(file))
        judgement.withheld.push({ path: file.path, rule: reason.rule, message: `withheld: ${reason.message}` });
      else judgement.reasons.push(reason);
    }
  }
  if (rules.verdicts.pass === 'hold')
    judgement.reasons.push(reasonOf('verdict-pass', 'hold', 'the policy wants a person to look at every release'));
  return judgement;
}

function judgeFile(file: ScannedFile, rules: PolicyRules, inert: (path: string) => boolean): Reason[] {
  const { verdicts } = rules;
  const levels = new Set<Verdict | Level>([file.scan.verdict, ...file.scan.findings.map((finding) => finding.level)]);
  const reasons: Reason[] = [];
  const add = (rule: PolicyRule, effect: 'hold' | 'deny', words: string, behind: readonly Level[] = []) =>
    reasons.push(reasonOf(rule, effect, `${printable(file.path)} ${words}`, file.path, rulesBehind(file.scan, behind)));

  // The verdict is the worst of the findings; where a record says less than its findings, the findings count. What is
  // dangerous and was not read to its end is both: whoever accepts the one has not seen the other.
  if (levels.has('block'))
    add('verdict-block', verdicts.block, `is dangerous: ${findingText(file.scan, 'block')}`, ['block']);
  if (levels.has('unscannable') || unread(file.scan))
    add('verdict-unscannable', verdicts.unscannable, unreadText(file.scan), ['review']);
  if (reasons.length > 0) return reasons;

  const name = inert(file.path);
  if (levels.has('review') && !(name && isOnlyUnread(file)))
    add('verdict-review', verdicts.review, `needs a person's look: ${findingText(file.scan, 'review')}`, ['review']);
  else if (!levels.has('review') && !name && NAMED_TYPES.has(file.scan.format))
    add(
      'file-unjudged',
      verdicts.review,
      'is not of a type that the policy lists as inert, and no scanner reads its text',
    );
  return reasons;
}

/** The scanner rules that speak at these levels; a pickle can break one of them a thousand times. */
function rulesBehind({ findings }: BlobScan, levels: readonly Level[]): string[] {
  return [...new Set(findings.filter(({ level }) => levels.includes(level)).map(({ rule }) => rule))].sort();
}

/**
 * Content that the sniffer alone can not call harmless: text may be a program. It is taken for inert only under a
 * name that programs read as data (`policy.files.inert`). Formats with a structure of their own are judged by it,
 * whatever the name.
 */
const NAMED_TYPES: ReadonlySet<string> = new Set(['text', 'unknown']);

/**
 * The scanner's one complaint is that it can not read such content: either it recognises nothing in it, as in a
 * SentencePiece `tokenizer.model`, or it recognises what the name says, as in `data.parquet`. Another format than the
 * name's is no inert file, whatever the list says.
 */
function isOnlyUnread({ path, scan }: ScannedFile): boolean {
  const complaints = scan.findings.filter((finding) => finding.level === 'review');
  const rule = scan.format === 'unknown' ? 'unrecognised-content' : 'no-extractor';
  const asNamed = scan.format === 'unknown' || path.toLowerCase().endsWith(`.${scan.format}`);
  const unread = complaints.length > 0 && complaints.every((finding) => finding.rule === rule);
  return asNamed && unread && complaints.every((finding) => finding.member === undefined);
}

function isPassingSafetensors(file: ScannedFile): boolean {
  const { scan } = file;
  const clean = scan.verdict === 'pass' && scan.findings.every((finding) => finding.level === 'info');
  return clean && scan.format === 'safetensors' && isSafetensorsName(file);
}

/** As loaders look for it: the name's end, in lower case. */
function isSafetensorsName(file: ScannedFile): boolean {
  return file.path.endsWith('.safetensors');
}

/** The scanner's own rules for what it could not read to its end: their messages say so, and why. */
const UNREAD: ReadonlySet<string> = new Set(['unscannable', 'budget']);

function unread(scan: BlobScan): Finding | undefined {
  return scan.findings.find((finding) => UNREAD.has(finding.rule));
}

function unreadText(scan: BlobScan): string {
  const why = unread(scan);
  return why ? oneLine(why.message) : `could not be read to its end: ${findingText(scan)}`;
}

const SHOWN = 3;

/** The findings of a level (or all), the first few in words: a pickle can carry thousands. */
function findingText(scan: BlobScan, level?: Level): string {
  const findings = scan.findings.filter((finding) => level === undefined || finding.level === level);
  const shown = findings.slice(0, SHOWN).map((finding) => `${oneLine(finding.rule, 60)} (${oneLine(finding.message)})`);
  if (shown.length === 0) return `the scanner's verdict on this ${oneLine(scan.format, 40)} file`;
  return findings.length > SHOWN ? `${shown.join(', ')} and ${findings.length - SHOWN} more` : shown.join(', ');
}
