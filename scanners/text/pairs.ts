// SPDX-License-Identifier: Apache-2.0
import type { Facts } from '../facts.ts';
import { assignedSecrets } from './secrets.ts';
import { TextUses } from './uses.ts';
import { SecretWindow } from './window.ts';

const BATCH = 16 * 1024;

/** Looks for credentials in the texts of a binary document, as if they were written one below the other. */
export class TextSecrets {
  private readonly window = new SecretWindow();
  private readonly uses: TextUses;
  private batch = '';
  private offset = 0;

  constructor(facts: Facts) {
    this.uses = new TextUses(facts);
  }

  add(key: string, value: string, offset: number): void {
    if (this.batch === '') this.offset = offset;
    this.batch += `"${key}": "${value}"\n`;
    if (this.batch.length >= BATCH) this.flush();
  }

  report(): void {
    this.flush();
    this.window.report(this.uses);
  }

  private flush(): void {
    this.window.read(this.batch, this.offset);
    for (const { name } of assignedSecrets(this.batch)) this.uses.add('credential', name, `byte ${this.offset}`);
    this.batch = '';
  }
}
