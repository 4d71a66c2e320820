// SPDX-License-Identifier: Apache-2.0

/** RFC 6750 2.1. Two tokens, or a header that was sent twice and joined, are none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
}
