// SPDX-License-Identifier: Apache-2.0
// Adds TIMES to the number in a record by compare-and-swap: node count-up.ts ROOT KEY TIMES
import { openFolder } from '#src/store/folder.ts';
import { FolderRecordStore } from '#src/store/folder-record-store.ts';

const [root = '', key = '', times = ''] = process.argv.slice(2);
const store = new FolderRecordStore(await openFolder(root));
for (let done = 0; done < Number(times); ) {
  const record = await store.get(key);
  if (!record) throw new Error(`${key} is missing`);
  if (await store.replace(key, Buffer.from(String(Number(record.bytes) + 1)), record.version)) done++;
}
