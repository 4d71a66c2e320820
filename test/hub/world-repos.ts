// SPDX-License-Identifier: Apache-2.0
import type { HubRepo } from '#test/fake-hub/repo.ts';
import {
  addDataset,
  addHeld,
  addHostile,
  addLicensed,
  addMixed,
  addOddNames,
  addTiny,
  card,
} from '#test/fake-hub/repos.ts';
import type { FakeHub } from '#test/fake-hub/server.ts';

/** As requests name them: also by names that upstream leads elsewhere. */
export const APPROVED = [
  ...['acme/tiny', 'acme/mixed', 'acme/odd', 'acme/former', 'acme/present', 'gpt2'],
  ...['datasets/acme/tiny-data', 'spaces/acme/app', 'kernels/acme/kernel'],
];

export function addApproved(hub: FakeHub): void {
  addTiny(hub);
  withMoreRefs(addTiny(hub, 'acme/many-refs'));
  addMixed(hub);
  addOddNames(hub);
  withMoreRefs(addDataset(hub));
  addTiny(hub, 'acme/former');
  hub.rename('acme/former', 'acme/present');
  // Legacy: the live hub leads it to the name with an organisation.
  addTiny(hub, 'gpt2');
  hub.rename('gpt2', 'openai-community/gpt2');
  hub
    .repo('acme/app', 'spaces')
    .commit({ 'README.md': '---\nlicense: mit\nsdk: static\n---\n', 'words.txt': 'hello\n' });
  hub.repo('acme/kernel', 'kernels').commit({ 'README.md': card('mit'), 'build/torch/notes.txt': 'A kernel.\n' });
}

/** One repo for each way to be refused. */
export function addRefused(hub: FakeHub): void {
  // Each with a file of its own, so that it shares no commit with another.
  for (const id of ['acme/revoked', 'acme/rejected', 'forbidden/tiny', 'acme/private', 'acme/gated'])
    addTiny(hub, id).move('main', { 'name.txt': `${id}\n` });
  hub.repo('acme/private').private = true;
  hub.repo('acme/gated').gated = 'manual';
  addHostile(hub);
  addHeld(hub);
  addLicensed(hub, undefined, 'acme/no-license');
  addLicensed(hub, 'cc-by-nc-4.0', 'acme/nc');
}

/** A branch with a slash, a converted one. Each has a commit of its own. */
function withMoreRefs(repo: HubRepo): void {
  const { files } = repo.head();
  const copy = (readme: string) => ({
    ...Object.fromEntries([...files.values()].map(({ path, content }) => [path, content])),
    'notes.txt': readme,
  });
  repo.commit(copy('of a branch\n'), 'feature/x');
  repo.commit(copy('converted\n'), 'refs/convert/parquet');
  repo.commit(copy('of a pull request\n'), 'refs/pr/2');
}
