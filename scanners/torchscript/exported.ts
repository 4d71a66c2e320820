// SPDX-License-Identifier: Apache-2.0
import type { MemberFacts } from '../facts.ts';
import { walkJson } from '../formats/json.ts';
import type { Bytes } from '../io/bytes.ts';
import { type JsonPlace, MalformedJson, placeText } from '../json/walk.ts';
import { UseList } from '../uses.ts';

const TARGET_BYTES = 1024;

/** torch/export/pt2_archive/constants.py, and the archive of the releases before it. */
export function isExported(names: readonly string[]): boolean {
  return names.some((name) => /^(?:[^/]+\/)?(?:archive_format|serialized_exported_program\.json)$/.test(name));
}

/** A program of torch.export: JSON whose nodes name what they call, and weights as they lie in memory. */
export async function readExportedMember(member: MemberFacts, bytes: Bytes): Promise<void> {
  if (member.format === 'unknown' && WEIGHT.test(member.name)) member.format = 'storage';
  if (member.format !== 'json' || !PROGRAM.test(member.name)) return;
  try {
    await readTargets(member, bytes);
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    member.problems.push({ code: 'torchscript-broken', offset: error.offset, detail: error.message });
  }
}

const WEIGHT = /^(?:[^/]+\/)?data\/(?:weights\/(?:\w+\/)?weight|constants\/(?:\w+\/)?tensor)_\d+$/;
const PROGRAM = /\.json$/;

async function readTargets(member: MemberFacts, bytes: Bytes): Promise<void> {
  const uses = new UseList(member);
  const isTarget = ({ levels }: JsonPlace) => levels.at(-1)?.kind === 'object' && levels.at(-1)?.key === 'target';
  await walkJson(bytes, {
    keep: (place) => (isTarget(place) ? TARGET_BYTES : 0),
    open: () => {},
    close: () => {},
    scalar(place, value) {
      if (!isTarget(place) || value === null) return;
      const target = typeof value === 'string' ? value : 'a text too long';
      const operator = /^torch\.ops\.(\w+)\.(\w+)(?:\.\w+)?$/.exec(target);
      if (operator) uses.add('torchscript-operator', `${operator[1]}::${operator[2]}`, placeText(place));
      else uses.add('torch-export-target', target, placeText(place));
    },
  });
}
