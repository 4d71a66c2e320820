// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { repoField, sha256Field, textField } from './fields.ts';

/** What rulings are about, one shape for each type of a scope. */
export const repoScope = z.strictObject({ type: z.literal('repo'), repo: repoField });
export const digestScope = z.strictObject({ type: z.literal('digest'), digest: sha256Field });
export const publisherScope = z.strictObject({ type: z.literal('publisher'), publisher: textField });
export const ruleScope = z.strictObject({ type: z.literal('rule'), rule: textField });
