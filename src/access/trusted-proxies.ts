// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP } from 'node:net';

/** Addresses and ranges such as `10.0.0.0/8` as one list. They were checked when the configuration was read. */
export function trustedProxies(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', length] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, length === undefined ? (family === 'ipv6' ? 128 : 32) : Number(length), family);
  }
  return list;
}

/** An IPv4 address that came in over IPv6 (`::ffff:10.0.0.1`) is the IPv4 address. */
export function isTrusted(list: BlockList, address: string | undefined): boolean {
  const plain = address?.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '') ?? '';
  const version = isIP(plain);
  return version !== 0 && list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
}
