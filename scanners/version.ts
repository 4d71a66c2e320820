// SPDX-License-Identifier: Apache-2.0

/**
 * Raise it with every change that can make an extractor say something else about the same bytes (formats/, pickle/,
 * zip/, io/, budgets.ts): stored facts of another version are read again from the bytes.
 */
export const EXTRACTOR_VERSION = '1';
