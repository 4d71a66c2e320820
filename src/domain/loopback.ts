// SPDX-License-Identifier: Apache-2.0
import { isIP } from 'node:net';

/** Whether a URL's host is this machine: what is sent there in clear, nobody else hears. */
export function isLoopback(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  return address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

/** Whether nobody in between reads or changes what goes there. */
export function isConfidential({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}
