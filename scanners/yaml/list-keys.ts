// SPDX-License-Identifier: Apache-2.0

/**
 * Under which key the items of the lists around the current place stand. Only keys of note are kept: a list of a
 * million words is nobody's command.
 */
export class ListKeys {
  private readonly listed: ReadonlySet<string>;
  /** Block lists from the outside in, each with the column of its dashes. */
  private readonly blocks: { readonly column: number; readonly key: string | undefined }[] = [];
  /** Flow collections; a mapping has no key of its own. */
  private readonly flows: (string | undefined)[] = [];

  constructor(listed: ReadonlySet<string>) {
    this.listed = listed;
  }

  clear(): void {
    this.blocks.length = 0;
    this.flows.length = 0;
  }

  /** A dash at this column, with `key` before it: the first item of a list, or a further one. */
  item(column: number, key: string | undefined): string | undefined {
    while ((this.blocks.at(-1)?.column ?? -1) > column) this.blocks.pop();
    const same = this.blocks.at(-1);
    if (same?.column === column) return same.key;
    const kept = this.noted(key);
    this.blocks.push({ column, key: kept });
    return kept;
  }

  /** A key at this column ends every list that stands there or further in. */
  endAt(column: number): void {
    while ((this.blocks.at(-1)?.column ?? -1) >= column) this.blocks.pop();
  }

  openFlow(key: string | undefined): string | undefined {
    const kept = this.noted(key);
    this.flows.push(kept);
    return kept;
  }

  inFlow(): string | undefined {
    return this.flows.at(-1);
  }

  endFlow(): string | undefined {
    this.flows.pop();
    return this.inFlow();
  }

  private noted(key: string | undefined): string | undefined {
    return key !== undefined && this.listed.has(key) ? key : undefined;
  }
}
