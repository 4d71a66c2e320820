// SPDX-License-Identifier: Apache-2.0
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '#test/support/run.ts';
import { keyOf, must, prepareFolder } from './prepare.ts';

const SOURCE = join(import.meta.dirname, 'rust');
const FILES = ['Cargo.toml', 'Cargo.lock', 'src/main.rs'].map((name) => join(SOURCE, name));

/**
 * The program that calls hf-hub, built once. Undefined without cargo; with `CI=true` that is an error, so that the
 * clients in Rust can not be left out there unnoticed.
 */
export async function prepareRust(): Promise<string | undefined> {
  const cargo = await run('cargo', ['--version']).catch(() => undefined);
  if (cargo?.status !== 0) {
    if (process.env.CI === 'true') throw new Error('There is no cargo: clients in Rust would go untested.');
    return undefined;
  }
  const folder = await prepareFolder(`rust-${await keyOf(FILES, cargo.stdout)}`, async (path) => {
    const target = join(path, 'target');
    const args = ['build', '--release', '--locked', '--manifest-path', join(SOURCE, 'Cargo.toml')];
    await must('cargo', [...args, '--target-dir', target]);
    await copyFile(join(target, 'release', 'probe'), join(path, 'probe'));
    await rm(target, { recursive: true });
  });
  return join(folder, 'probe');
}
