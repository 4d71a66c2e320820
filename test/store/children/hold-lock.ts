// SPDX-License-Identifier: Apache-2.0
// Takes a lock, says so, and keeps it until it is killed: node hold-lock.ts FILE
import { FolderLock } from '#src/store/folder-lock.ts';

await new FolderLock(process.argv[2] ?? '').run(async () => {
  process.stdout.write('held\n');
  await new Promise((resolve) => setTimeout(resolve, 3_600_000));
});
