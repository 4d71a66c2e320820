// SPDX-License-Identifier: Apache-2.0
import { openHouse, repo, revisionOf } from '../house.ts';

// One start of a mirror without doors: takes up what is unfinished, then brings in a repo's main, saying each stage as it
// comes. Made to be killed: run-intake.ts <hub> <data folder> <repo>
const [hub = '', data = '', id = ''] = process.argv.slice(2);
const house = await openHouse({ hub, data });
await house.intakes.resume();
const ticket = house.intakes.request(repo(id), revisionOf('main'));
process.stdout.write('started\n');
let said = '';
const watch = setInterval(() => {
  const { stage } = ticket.progress();
  if (stage !== said) process.stdout.write(`${stage}\n`);
  said = stage;
}, 1);
const outcome = await ticket.outcome;
clearInterval(watch);
process.stdout.write(`${outcome.type}\n`);
await house.stop();
process.exit(0);
