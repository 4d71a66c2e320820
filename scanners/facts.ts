// SPDX-License-Identifier: Apache-2.0

/**
 * What an extractor read in the bytes: a tree of small JSON, one node a file or member of an archive. It holds no
 * judgement and no path of the file itself; rules make findings of it (judge/).
 */
export interface Facts {
  /**
   * The extractors that took part, with their versions (formats/index.ts); of the whole file only. `UNREAD` stands for
   * those that there were not.
   */
  extractors?: Record<string, number>;
  /** What the content is, as the sniffer says; `unknown` when nothing fits. */
  format: string;
  size: number;
  /** Structure that breaks the format's rules; `code` is what rules/structure.yaml judges. */
  problems: Problem[];
  /** A budget was hit: what follows was not read. */
  limit?: { budget: string; limit: number; actual: number };
  pickle?: PickleFacts;
  /** What the content names and a reader would act on; rules judge it by scheme. */
  uses?: Use[];
  /** What the content says of licenses (license/); it decides no verdict. */
  license?: LicenseFacts;
  /** Members in the order of the archive; a compressed stream has one. */
  members?: MemberFacts[];
}

export interface Problem {
  code: string;
  offset?: number;
  /** What exactly, in words. */
  detail: string;
}

/**
 * Something that the content names and a reader would act on: an operator of a graph, a class to construct, a file to
 * open, a tag, an import. `scheme` says in which vocabulary the name is one; equal ones are counted, the first one's
 * place is kept.
 */
export interface Use {
  scheme: string;
  name: string;
  /** Where in the document, such as `$.auto_map` or `line 3`. */
  at: string;
  count?: number;
  offset?: number;
}

/**
 * Licenses that a content holds or names. `words` and `unexplained` are of texts: about how many words there are, and how
 * many of them belong to no license that was recognised.
 */
export interface LicenseFacts {
  found: readonly LicenseName[];
  words?: number;
  unexplained?: number;
}

/** How it is known: the text of the license, its title, a tag (`SPDX-License-Identifier`), or a key of metadata. */
export interface LicenseName {
  name: string;
  by: 'text' | 'title' | 'tag' | 'key';
  /** The key, of metadata. */
  at?: string;
}

export interface MemberFacts extends Facts {
  name: string;
  /** Where the member's local header (or first byte) is in the archive. */
  offset: number;
  /** Tensor storage that the archive's pickle refers to with this length: data, not sniffed. */
  storage?: true;
}

/** All pickles of one stream together. Offsets count from the start of the file or member. */
export interface PickleFacts {
  /** Complete pickles, one after another. */
  count: number;
  protocol: number;
  globals: GlobalFact[];
  calls: CallFact[];
  /** Names of the opcodes that ran, each once. */
  opcodes: string[];
  persistentIds: number;
  /** Extension registry codes, whose targets are not in the file. */
  extensions: number[];
}

export interface GlobalFact {
  module: string;
  name: string;
  /** `getattr` where the file takes an attribute of something imported: the name has a dot then. */
  op: string;
  offset: number;
  count: number;
  /** The names that were looked up had been put aside before, rather than written where they are used. */
  memo?: true;
}

/**
 * A call that loading would make. `callee` is a global's `module` and `name`, or says what else is called: the result
 * of another call, an extension code, or a value that the file computes.
 */
export interface CallFact {
  callee: 'global' | 'result' | 'extension' | 'computed';
  module?: string;
  name?: string;
  /** The callee in words, such as `os.system` or `getattr(...)`. */
  text: string;
  op: string;
  args: string;
  offset: number;
  count: number;
  /** The function that makes the call, of what it was given to call. */
  via?: string;
}

/** Beside the extractors of a file that holds what none of them reads: `KNOWN_FORMATS` at that time. */
export const UNREAD = '(unread)';

export function newFacts(format: string, size: number): Facts {
  return { format, size, problems: [] };
}
