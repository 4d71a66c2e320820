// SPDX-License-Identifier: Apache-2.0
import { gunzipSync, gzipSync } from 'node:zlib';
import { AirlockError } from '#src/domain/errors.ts';
import type { Evidence, EvidenceDocument, Finding, ScannedFile } from '#src/domain/evidence.ts';
import { evidenceSchema } from './evidence-schema.ts';

/** Below what a record may hold, so that evidence which was judged can always be kept. */
const MAX_STORED_BYTES = 12 * 2 ** 20;
const MAX_JSON_BYTES = 128 * 2 ** 20;

/** Listed files; a listing may have a million. */
const MAX_FILES = 50_000;

/** Findings that are kept whole: of one file, and of a snapshot. */
const PER_FILE = 50;
const IN_ALL = 20_000;
const MAX_MESSAGE = 400;

/**
 * The evidence with an end: a snapshot may have ten thousand files, and a pickle thousands of findings. Judged is what
 * this leaves, so that what is kept gives the same decision again. Of each file one finding of every rule and level
 * stays, because verdicts and approvals go by these; of the rest the first few.
 */
export function boundedEvidence<T extends EvidenceDocument>(evidence: T): T {
  if (evidence.files === undefined) return evidence;
  let room = IN_ALL;
  const files = evidence.files.map((file: ScannedFile) => {
    const findings = boundedFindings(file.scan.findings, Math.min(PER_FILE, room));
    room = Math.max(0, room - findings.length);
    return { ...file, scan: { ...file.scan, findings } };
  });
  return { ...evidence, files };
}

function boundedFindings(findings: readonly Finding[], room: number): Finding[] {
  const seen = new Set<string>();
  const kept: Finding[] = [];
  for (const finding of findings) {
    const key = `${finding.level} ${finding.rule}`;
    if (kept.length >= room && seen.has(key)) continue;
    seen.add(key);
    const { message } = finding;
    kept.push(
      message.length > MAX_MESSAGE ? { ...finding, message: `${message.slice(0, MAX_MESSAGE - 3)}...` } : finding,
    );
  }
  return kept;
}

/** Compressed JSON. Undefined: it is too large to be kept. */
export function packEvidence(evidence: EvidenceDocument): Buffer | undefined {
  if (evidence.manifest.files.length > MAX_FILES) return undefined;
  const packed = gzipSync(JSON.stringify(evidence));
  return packed.length > MAX_STORED_BYTES ? undefined : packed;
}

/**
 * What was packed. It is checked as foreign bytes are: an index can be edited.
 * @throws AirlockError record-invalid
 */
export function unpackEvidence(packed: Uint8Array): EvidenceDocument {
  try {
    return evidenceSchema.parse(JSON.parse(gunzipSync(packed, { maxOutputLength: MAX_JSON_BYTES }).toString('utf8')));
  } catch (cause) {
    throw new AirlockError('record-invalid', 'Stored evidence can not be read.', {}, cause);
  }
}

/** Whether it is of a snapshot that was pulled and scanned. */
export function isWhole(evidence: EvidenceDocument): evidence is Evidence {
  return evidence.files !== undefined && evidence.license !== undefined;
}
