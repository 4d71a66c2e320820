// SPDX-License-Identifier: Apache-2.0
import { type Facts, type MemberFacts, newFacts } from '../facts.ts';
import type { Bytes } from '../io/bytes.ts';
import { EndOfBytes } from '../io/cursor.ts';
import { payloadName } from '../magic.ts';
import { TextSecrets } from '../text/pairs.ts';
import { UseList } from '../uses.ts';
import { MalformedXgboost, ModelReader } from '../xgboost/model.ts';
import { learnerStart, SNAPSHOT_HEADER } from '../xgboost/recognise.ts';
import type { Context, Extractor } from './context.ts';
import { reportTail } from './ubjson.ts';

/**
 * A model in XGBoost's own binary; a serialised booster has its length before it and a configuration in JSON behind it
 * (`LearnerIO::Save` until version 1.5).
 */
export const xgboost: Extractor = async (facts, bytes, context) => {
  const start = learnerStart(bytes.head());
  const secrets = new TextSecrets(facts);
  try {
    const end = await readModel(facts, bytes, start, secrets);
    if (start < SNAPSHOT_HEADER.length) await reportTail(facts, bytes, end, context);
    else await readSnapshot(facts, bytes, end, context);
  } catch (error) {
    if (!(error instanceof MalformedXgboost) && !(error instanceof EndOfBytes)) throw error;
    facts.problems.push({ code: 'xgboost-malformed', offset: error.offset, detail: error.message });
  }
  secrets.report();
};

async function readModel(facts: Facts, bytes: Bytes, start: number, secrets: TextSecrets): Promise<number> {
  const uses = new UseList(facts);
  const cursor = bytes.cursor();
  await cursor.skip(start);
  return new ModelReader(bytes, cursor).read({
    objective: (name, offset) => uses.add('xgboost-objective', name, 'the objective', offset),
    booster: (name, offset) => uses.add('xgboost-booster', name, 'the booster', offset),
    attribute(name, value, { offset }) {
      secrets.add(name, Buffer.from(value).toString('utf8'), offset);
      const payload = payloadName(value);
      if (payload !== undefined)
        facts.problems.push({
          code: 'xgboost-payload',
          offset,
          detail: `${payload} in the attribute ${name.slice(0, 60)}`,
        });
    },
  });
}

/** The length in the header must be that of the model: what lies between is read by nobody. */
async function readSnapshot(facts: Facts, bytes: Bytes, end: number, context: Context): Promise<void> {
  const header = SNAPSHOT_HEADER.length;
  const length = Buffer.from(bytes.head()).readBigInt64LE(header);
  if (length !== BigInt(end - header - 8))
    throw new MalformedXgboost(header, `a model of ${length} bytes that has ${end - header - 8}`);
  if (bytes.random === undefined) throw new MalformedXgboost(end, 'a configuration in a stream too large to look into');
  const member: MemberFacts = { ...newFacts('unknown', bytes.size - end), name: '(configuration)', offset: end };
  facts.members = [member];
  await context.extractInner(member, bytes.random.slice(end, bytes.size - end));
}
