// SPDX-License-Identifier: Apache-2.0
// Opens an index and writes to it: node open-then-write.ts FILE NAME TIMES
import { sha256Of } from '#src/domain/digest.ts';
import { openIndex } from '#src/index/index.ts';

const [file = '', name = '', times = ''] = process.argv.slice(2);
const index = await openIndex(file);
for (let seq = 1; seq <= Number(times); seq++) {
  await index.heads.advance(`models/${name}`, seq, sha256Of(`${name} ${seq}`));
  await index.heads.advance('models/shared', seq, sha256Of(`shared ${seq}`));
}
await index.close();
