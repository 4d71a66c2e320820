// SPDX-License-Identifier: Apache-2.0
import { type DictValue, describe, type Value } from './values.ts';

// The data of a statsmodels model that was fitted from a formula is given the formula when it is loaded, and has patsy
// or formulaic evaluate it again, each name and call of it as Python (statsmodels/base/data.py, ModelData.__setstate__).

const AGAIN = ['restore_design_info', 'restore_model_spec'];

export function isFormulaKey(key: string): boolean {
  return key === 'formula' || AGAIN.includes(key);
}

/** The text that an object has evaluated when this is its state. */
export function formulaIn({ entries }: DictValue): string | undefined {
  if (!AGAIN.some((key) => entries.has(key))) return undefined;
  const formula = entries.get('formula') ?? null;
  return typeof formula === 'string' ? formula : describe(formula);
}

/** Of such a class honest files make instances without a constructor, and give them a dictionary as their state. */
export function hasFormula(cls: Value): boolean {
  return typeof cls === 'object' && cls?.kind === 'global' && /^statsmodels\..*Data$/.test(`${cls.module}.${cls.name}`);
}

/** The class of what a call has made, also where `copyreg` made it. */
export function classMade(callee: Value, args: Value): Value {
  if (!isCopyreg(callee)) return callee;
  return typeof args === 'object' && args?.kind === 'tuple' ? (args.items?.[0] ?? null) : null;
}

export function isCopyreg(callee: Value): boolean {
  return typeof callee === 'object' && callee?.kind === 'global' && /^copy_?reg$/.test(callee.module);
}
