// SPDX-License-Identifier: Apache-2.0

const MAX_CHARACTERS = 1000;

/** Foreign text as part of one line: no control characters, no line ends, nothing that turns the direction of writing. */
export function oneLine(text: string): string {
  return text.toWellFormed().replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}

export function shortened(text: string, most: number = MAX_CHARACTERS): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 3).join('')}...`;
}
