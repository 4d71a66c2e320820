// SPDX-License-Identifier: Apache-2.0
import type { Place, Where } from './listener.ts';

/** Names of a place beyond this are left out. */
const PLACE_CHARACTERS = 200;

export function inside(place: Place, where: Where): Place {
  return place.where === where ? place : { where, at: place.at };
}

export function below({ where, at }: Place, name: string): Place {
  return { where, at: at.length > PLACE_CHARACTERS ? at : `${at}$${name}` };
}

/** data.table marks its tables with an address, which nothing is made of once it was written. */
export function isSelfReference({ at }: Place): boolean {
  return at.endsWith('$.internal.selfref');
}
