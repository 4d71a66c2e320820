// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import {
  addBig,
  addDataset,
  addHeld,
  addHostile,
  addLicensed,
  addMany,
  addMixed,
  addOddNames,
  addTiny,
} from './repos.ts';
import { startFakeHub } from './server.ts';

// The fake hub as a command, to try a mirror by hand: node test/fake-hub/main.ts --port 9200 --big 64
const { values } = parseArgs({
  options: { port: { type: 'string', default: '9200' }, big: { type: 'string', multiple: true, default: ['64'] } },
});
const hub = await startFakeHub({ port: Number(values.port) });
addTiny(hub);
addHostile(hub);
addLicensed(hub, 'cc-by-nc-4.0', 'acme/non-commercial');
addLicensed(hub, undefined, 'acme/no-license');
addMixed(hub);
addHeld(hub);
addMany(hub);
addOddNames(hub);
addDataset(hub);
for (const mib of values.big) addBig(hub, Number(mib));
process.stdout.write(`fake hub on ${hub.url}, its CDN on ${hub.cdnUrl}\n${[...hub.repos.keys()].join('\n')}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void hub.stop());
