// SPDX-License-Identifier: Apache-2.0
import type { TestProject } from 'vitest/node';
import { prepareJavaScript } from './javascript.ts';
import { prepareMinioBinary } from './minio.ts';
import { findPython, prepareMiniLm, prepareVenv } from './python.ts';
import { prepareRealFiles } from './real-files.ts';
import { prepareRust } from './rust.ts';

/** What the set-up hands to the tests: `inject('python')`. Paths of `bin` folders, and of the real model. */
export interface PythonPaths {
  readonly 'hub-2.4': string;
  readonly 'hub-1.0': string;
  readonly 'hub-0.36': string;
  readonly 'hub-0.23': string;
  /** transformers and datasets. */
  readonly transformers: string;
  readonly verify: string;
  readonly miniLm: string;
  /** Folders of files that libraries wrote, one for each set of versions. */
  readonly realFiles: readonly string[];
}

declare module 'vitest' {
  export interface ProvidedContext {
    python: PythonPaths;
    /** A folder with @huggingface/transformers in its node_modules. */
    javascript: string;
    /** The program that calls hf-hub; undefined where there is no cargo. */
    rust: string | undefined;
  }
}

/** Everything that needs a package registry happens here, once; the tests themselves talk to loopback alone. */
export default async function setup(project: TestProject): Promise<void> {
  const others = (async () => [await prepareJavaScript(), await prepareRust()] as const)();
  const [paths, [javascript, rust]] = await Promise.all([preparePython(), others, prepareMinioBinary()]);
  project.provide('python', paths);
  project.provide('javascript', javascript);
  project.provide('rust', rust);
}

async function preparePython(): Promise<PythonPaths> {
  const python = await findPython();
  const verify = await prepareVenv('verify', python);
  return {
    'hub-2.4': await prepareVenv('hub-2.4', python),
    'hub-1.0': await prepareVenv('hub-1.0', python),
    'hub-0.36': await prepareVenv('hub-0.36', python),
    'hub-0.23': await prepareVenv('hub-0.23', python),
    transformers: await prepareVenv('transformers', python),
    verify,
    miniLm: await prepareMiniLm(python, verify),
    realFiles: await prepareRealFiles(python),
  };
}
