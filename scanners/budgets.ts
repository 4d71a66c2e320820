// SPDX-License-Identifier: Apache-2.0

const MIB = 1024 * 1024;

/**
 * What one file may cost. They are constants and part of the extractor version, because a verdict must not depend on
 * the machine: only memory and the time that the parent gives a child process are set from outside.
 */
export const BUDGETS = {
  /** Archives inside archives. */
  depth: 6,
  /** Members of all archives of one file together. */
  members: 100_000,
  /** Bytes that come out of decompressors, all members together. */
  inflatedBytes: 32 * 1024 * MIB,
  /** Inflated to compressed bytes of one member, once it has given more than `ratioFloor` bytes. */
  ratio: 200,
  ratioFloor: 10 * MIB,
  /** A compressed member that needs random access (an archive in an archive) is held in memory up to this size. */
  heldBytes: 32 * MIB,
  /**
   * What is too large for that and still needs random access (an archive in a compressed archive) is held all the same
   * while it is read, so much at once: with what a process needs for itself (150 MiB) it stays below 512 MiB, the half
   * of the memory that a child process has by default.
   */
  heldTogether: 256 * MIB,
  /** What a compressed stream wants to look back upon: xz -9 and zstd --ultra -21 want so much. */
  dictionaryBytes: 64 * MIB,
  /** How many times an archive's members together may cover it. */
  reads: 8,
  /** A zip's central directory. */
  directoryBytes: 64 * MIB,
  opcodes: 50_000_000,
  memo: 5_000_000,
  stack: 5_000_000,
  /** Distinct globals, calls and problems that are kept of one file; more is no model. */
  facts: 20_000,
  /** All facts of one file, as JSON. What reads them from the child process (src/scan/limits.ts) takes a little more. */
  factsBytes: 3.75 * MIB,
  /** Names in the groups of one HDF5 file. */
  links: 2_000_000,
  jsonDepth: 512,
  /** Keys, and keys with their values, of one YAML file. */
  yamlPairs: 1_500_000,
  xmlDepth: 512,
  /** The safetensors specification's limit. */
  safetensorsHeader: 100_000_000,
  tensors: 2_000_000,
  /** Values of one msgpack, UBJSON, R or MATLAB document. */
  values: 50_000_000,
  /** Tables, and items of vectors of tables or texts, of one flatbuffer. */
  flatbufferTables: 600_000,
  /** Items that are looked at one by one, where several tables may share a vector. */
  flatbufferItems: 2_000_000,
  /** Fields of all messages of a protobuf file together. */
  protobufFields: 100_000_000,
} as const;

export type BudgetName = keyof typeof BUDGETS;

/** Thrown when a budget is hit; the file is unscannable then, and the message says the limit and what was asked. */
export class BudgetHit extends Error {
  readonly budget: BudgetName;
  readonly limit: number;
  readonly actual: number;

  constructor(budget: BudgetName, actual: number) {
    super(`the limit of ${BUDGETS[budget].toLocaleString('en')} ${budget} was exceeded`);
    this.name = 'BudgetHit';
    this.budget = budget;
    this.limit = BUDGETS[budget];
    this.actual = actual;
  }
}

/** What one file has spent so far, over all its members. */
export class Spending {
  private readonly spent = new Map<BudgetName, number>();
  private held = 0;

  /** @throws BudgetHit */
  spend(budget: BudgetName, amount: number): void {
    const total = (this.spent.get(budget) ?? 0) + amount;
    this.spent.set(budget, total);
    if (total > BUDGETS[budget]) throw new BudgetHit(budget, total);
  }

  mayHold(amount: number): boolean {
    return this.held + amount <= BUDGETS.heldTogether;
  }

  /** Memory that is given back by {@link release}. @throws BudgetHit */
  hold(amount: number): void {
    if (!this.mayHold(amount)) throw new BudgetHit('heldTogether', this.held + amount);
    this.held += amount;
  }

  release(amount: number): void {
    this.held -= amount;
  }
}

/** @throws BudgetHit when `actual` alone exceeds the budget */
export function within(budget: BudgetName, actual: number): void {
  if (actual > BUDGETS[budget]) throw new BudgetHit(budget, actual);
}
