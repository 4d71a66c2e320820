// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import type { Sha256 } from '#src/domain/digest.ts';
import { sha256Field, textField, timeField } from './fields.ts';

/** The place of a record in its chain: it counts from 1, and names the sha256 of the record before it, as stored. */
export const placeFields = { seq: z.int().positive(), previous: sha256Field.nullable() };

/** What a person or the mirror did: when, who and why. */
export const actFields = { at: timeField, by: textField, reason: textField };

/** Whether a record is the first of its chain exactly where it names none before it. */
export function isPlaced({ seq, previous }: { readonly seq: number; readonly previous: Sha256 | null }): boolean {
  return (seq === 1) === (previous === null);
}
