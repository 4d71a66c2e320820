// SPDX-License-Identifier: Apache-2.0
import type { Facts, Problem } from './facts.ts';

const KEPT_OF_A_CODE = 20;

/**
 * Rules judge the code, so many of the same say no more than the first; a flood of one code hides no other. For readers
 * whose input repeats; others push to the list themselves.
 */
export function addProblem({ problems }: Facts, problem: Problem): void {
  let same = 0;
  for (const { code } of problems) if (code === problem.code && ++same >= KEPT_OF_A_CODE) return;
  problems.push(problem);
}
