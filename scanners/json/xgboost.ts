// SPDX-License-Identifier: Apache-2.0

import { within } from '../budgets.ts';
import type { UseList } from '../uses.ts';
import { type JsonPlace, placeText } from './walk.ts';

/** Where the names stand (doc/model.schema), and what they are names of. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['learner.objective.name', 'xgboost-objective'],
  ['learner.gradient_booster.name', 'xgboost-booster'],
  ['learner.gradient_booster.gbtree.name', 'xgboost-booster'],
]);
const OUTERMOST: ReadonlySet<string> = new Set(['learner', 'Model', 'Config']);

/**
 * Models and configurations of XGBoost in JSON; a serialised booster holds both, as `Model` and `Config`. What tells
 * that the document is one of these may come last.
 */
export class XgboostModel {
  private readonly uses: UseList;
  private readonly names: { readonly scheme: string; readonly name: string; readonly at: string }[] = [];
  private isModel = false;

  constructor(uses: UseList) {
    this.uses = uses;
  }

  scalar(place: JsonPlace, value: unknown): void {
    if (place.levels.length > 5 || !OUTERMOST.has(place.levels[0]?.key ?? '')) return;
    const keys = place.levels.map(({ kind, key }) => (kind === 'object' ? key : ''));
    if (keys[0] === 'Model' || keys[0] === 'Config') keys.shift();
    if (keys[0] !== 'learner') return;
    if (keys[1] === 'learner_model_param' || keys[1] === 'learner_train_param') this.isModel = true;
    const scheme = NAMES.get(keys.join('.'));
    if (scheme !== undefined) {
      this.names.push({ scheme, name: String(value ?? '(a long text)'), at: placeText(place) });
      within('facts', this.names.length);
    }
  }

  end(): void {
    if (this.isModel) for (const { scheme, name, at } of this.names) this.uses.add(scheme, name, at);
  }
}
