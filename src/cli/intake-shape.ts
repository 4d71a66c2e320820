// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';

/** How far a running intake is, as the mirror's API says it. */
export const intakeShape = z.object({
  stage: z.string(),
  bytesDone: z.number(),
  bytesTotal: z.number(),
  filesDone: z.number(),
  filesTotal: z.number(),
  fetchSeconds: z.number(),
});
