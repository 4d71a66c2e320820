// SPDX-License-Identifier: Apache-2.0

/** Exit statuses of the `airlock` command. 64 and 70 are those of sysexits.h. */
export const EXIT = { refused: 2, usage: 64, failure: 70, config: 78 } as const;
