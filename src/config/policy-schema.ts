// SPDX-License-Identifier: Apache-2.0
import { CARD_SECTIONS } from '#src/domain/evidence.ts';
import { REPO_KINDS } from '#src/domain/repo.ts';
import { INERT_NAMES, LICENSES } from './default-lists.ts';
import { evaluationRules, evaluationSigners, namesSigners } from './evaluation-fields.ts';
import {
  bytes,
  celExpression,
  customId,
  fileType,
  glob,
  list,
  mapping,
  oneOf,
  text,
  wholeNumber,
  yesOrNo,
} from './fields.ts';
import { upstreamName } from './upstreams.ts';

// What a security team decides, apart from how the mirror is run. Every key is explained in config/default.yaml.

const source = mapping({
  match: glob(),
  kinds: list(oneOf(REPO_KINDS))
    .min(1, { error: 'at least one kind' })
    .prefault([...REPO_KINDS]),
  mode: oneOf(['auto', 'review', 'request', 'deny']),
  include: list(glob()).min(1, { error: 'at least one pattern' }).prefault(['*']),
  exclude: list(glob()).prefault([]),
  gated: oneOf(['hold', 'granted', 'allow']).prefault('hold'),
  follow: oneOf(['manual', 'auto']).optional(),
  upstreams: list(upstreamName()).min(1, { error: 'at least one name of an upstream' }).optional(),
  reason: text('one line of text').optional(),
});

const TEN_YEARS_HOURS = 10 * 365 * 24;

/** `policy` of the configuration, or a file of its own. */
export const policySchema = mapping({
  licenses: mapping({
    allow: list(text('a license: an SPDX id or expression, or a name of the Hub')).prefault([...LICENSES]),
    missing: oneOf(['hold', 'deny', 'allow']).prefault('hold'),
    other: oneOf(['hold', 'deny']).prefault('hold'),
    notAllowed: oneOf(['deny', 'hold']).prefault('deny'),
    disagrees: oneOf(['hold', 'deny', 'note']).prefault('hold'),
    unrecognized: oneOf(['note', 'hold', 'deny']).prefault('note'),
    foundCounts: yesOrNo().prefault(false),
    base: oneOf(['hold', 'deny', 'note']).prefault('hold'),
    baseUnknown: oneOf(['note', 'hold', 'deny']).prefault('note'),
  }).prefault({}),
  verdicts: mapping({
    pass: oneOf(['approve', 'hold']).prefault('approve'),
    review: oneOf(['hold', 'deny']).prefault('hold'),
    block: oneOf(['deny', 'hold']).prefault('deny'),
    unscannable: oneOf(['deny', 'hold']).prefault('deny'),
  }).prefault({}),
  customCode: oneOf(['hold', 'deny', 'withhold']).prefault('hold'),
  upstreamScan: mapping({
    unsafe: oneOf(['deny', 'hold', 'note']).prefault('deny'),
    suspicious: oneOf(['hold', 'deny', 'note']).prefault('hold'),
  }).prefault({}),
  evaluationSigners: evaluationSigners().prefault([]),
  evaluations: evaluationRules().prefault([]),
  adapters: oneOf(['approved-base', 'allow', 'deny']).prefault('approved-base'),
  withhold: mapping({ reviewBesideSafetensors: yesOrNo().prefault(true) }).prefault({}),
  files: mapping({
    inert: list(glob()).prefault([...INERT_NAMES]),
    allow: list(fileType()).prefault([]),
    deny: list(fileType()).prefault([]),
    denied: oneOf(['deny', 'hold']).prefault('deny'),
    notAllowed: oneOf(['deny', 'hold']).prefault('deny'),
    maxFiles: wholeNumber(1, 1_000_000).nullable().prefault(null),
    maxFileBytes: bytes(1).nullable().prefault(null),
    maxTotalBytes: bytes(1).nullable().prefault(null),
    tooLarge: oneOf(['hold', 'deny']).prefault('hold'),
    secrets: oneOf(['review', 'hold', 'deny', 'allow']).prefault('review'),
  }).prefault({}),
  card: mapping({
    require: list(oneOf(CARD_SECTIONS)).prefault([]),
    missing: oneOf(['hold', 'deny']).prefault('hold'),
  }).prefault({}),
  publisher: mapping({
    allow: list(glob()).prefault([]),
    deny: list(glob()).prefault([]),
    notAllowed: oneOf(['deny', 'hold']).prefault('deny'),
    minCommitAgeHours: wholeNumber(0, TEN_YEARS_HOURS).prefault(0),
    minRepoAgeHours: wholeNumber(0, TEN_YEARS_HOURS).prefault(0),
  }).prefault({}),
  custom: list(
    mapping({
      id: customId(),
      effect: oneOf(['deny', 'hold']),
      when: celExpression(),
      message: text('one line of text'),
    }),
  )
    .superRefine((rules, context) => {
      for (const [i, { id }] of rules.entries())
        if (rules.findIndex((other) => other.id === id) < i)
          context.addIssue({ code: 'custom', path: [i, 'id'], message: 'an id that no other custom rule has' });
    })
    .prefault([]),
}).superRefine(namesSigners);

/** `sources` of the configuration, or a file of its own: the first entry that matches decides. */
export const sourcesSchema = list(source);
