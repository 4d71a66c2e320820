// SPDX-License-Identifier: Apache-2.0
import { parseRepo } from '#src/domain/repo.ts';
import { parseRevision } from '#src/domain/revision.ts';
import { fetchFile } from '#src/intake/fetch-file.ts';
import { createHubClient } from '#src/upstream/hub-client.ts';

// Fetches one file and says what it is and how much memory that took: fetch-one.ts <hub> <repo> <path> <to>
const [hub = '', id = '', path = '', to = ''] = process.argv.slice(2);
const upstream = createHubClient({ url: hub, requestTimeoutSeconds: 30, stallSeconds: 30, tries: 3 });
const source = await upstream.resolve(parseRepo('models', id), parseRevision('main'));
const before = process.memoryUsage.rss();
let peak = before;
for await (const file of upstream.list(source)) {
  if (file.path !== path) continue;
  const { sha256 } = await fetchFile(file, to, {
    open: async (wanted, offset, signal) => ({
      ...(await upstream.open(source, wanted, offset, signal)),
      from: 'upstream',
    }),
    tries: 3,
    signal: new AbortController().signal,
    onBytes: () => {
      peak = Math.max(peak, process.memoryUsage.rss());
    },
    onMismatch: (problem) => {
      throw problem;
    },
  });
  process.stdout.write(JSON.stringify({ sha256, before, peak }));
}
process.exit(0);
