// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import { asListing, type Listing } from '#test/support/listing.ts';
import type { Client, Got } from './client.ts';

/** Byte by byte what upstream has, and all that the client takes. */
export function expectArrived(client: Client, { ok, files, seen }: Got, promised: Listing): void {
  expect(ok, seen).toBe(true);
  const taken = client.takes === 'all' ? Object.keys(promised) : client.takes;
  expect(Object.keys(files)).toEqual(expect.arrayContaining([...taken]));
  const wanted = Object.fromEntries(Object.keys(files).map((path) => [path, promised[path]]));
  expect(asListing(files, promised)).toEqual(wanted);
}
