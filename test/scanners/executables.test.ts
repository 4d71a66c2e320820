// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { judged } from './judged.ts';
import { raw, u16, u32 } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const zeros = (length: number) => Buffer.alloc(length);
const EICAR = 'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*';
const dos = raw('MZ', u16(0x90), u16(3), u16(0), u16(4), u16(0), u16(0xffff), zeros(46), u32(0x80));

test.each([
  ['ELF', raw('\x7fELF\x02\x01\x01', zeros(60))],
  ['PE', raw(dos, zeros(64), 'PE\0\0', zeros(60))],
  ['a DOS program', raw(dos, zeros(200))],
  ['Mach-O', raw(0xcf, 0xfa, 0xed, 0xfe, zeros(60))],
  ['a universal Mach-O', raw(0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2, zeros(60))],
  ['a Java class', raw(0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0x34, zeros(60))],
  ['WebAssembly', raw('\0asm', 1, 0, 0, 0)],
  ['a module of CPython 3.12', raw(u16(3531), '\r\n', zeros(12), 0xe3, zeros(40))],
  ['a module of CPython 2.7', raw(u16(62211), '\r\n', zeros(4), 'c', zeros(40))],
  ['Dalvik', raw('dex\n035\0', zeros(60))],
  ['a portable llamafile', raw("MZqFpD='\n", zeros(60))],
  ['LLVM bitcode', raw('BC', 0xc0, 0xde, zeros(60))],
  ['Lua bytecode', raw('\x1bLua', 0x53, zeros(60))],
  ['a Windows shortcut', raw('L\0\0\0', 0x01, 0x14, 0x02, 0, zeros(60))],
  ['Flash', raw('CWS', 10, zeros(60))],
])('%s is a program, whatever it is called', async (_what, bytes) => {
  for (const path of ['pytorch_model.bin', 'model.safetensors', 'tool'])
    expect(await judged(bytes, path)).toMatchObject({ verdict: 'block' });
});

test.each([
  ['MZ is a county code; ELF is a game\n'],
  ['dex\n035 is how it begins\n'],
  ['MZqF\n'],
  ['dex is short for index\n'],
  ['CWS and FWS are initials\n'],
  ['ab\r\ncd\r\n'],
  ['BC was before AD\n'],
])('the text %j is none', async (text) => {
  expect(await judged(text, 'notes.txt')).toMatchObject({ verdict: 'pass' });
});

test('the antivirus test string is blocked where virus scanners look for it', async () => {
  expect((await judged(EICAR, 'eicar.txt')).verdict).toBe('block');
  expect((await judged(`${EICAR}\r\n \t`, 'a.com')).verdict).toBe('block');
  expect((await judged(zipOf([{ name: 'a.txt', data: raw(EICAR) }]), 'a.zip')).verdict).toBe('block');
  expect((await judged(`Virus scanners know ${EICAR}\n`, 'README.md')).verdict).toBe('review');
});

test.each(['pytorch_model.bin', 'model.safetensors', 'model.gguf', 'weights.dat'])(
  'a script that is called %s is blocked, and under its own name a matter for a person',
  async (path) => {
    for (const script of ['#!/bin/sh\necho benign-test\n', '#!/usr/bin/env python3\nprint(1)\n']) {
      expect((await judged(script, path)).findings.map(({ rule }) => rule)).toContain('disguised-script');
      expect((await judged(script, path)).verdict).toBe('block');
      expect((await judged(script, 'train.sh')).verdict).toBe('review');
    }
  },
);

test.each(['model.h5', 'model.onnx', 'model.gguf'])('an archive that nobody looks into is no %s', async (path) => {
  const rar = raw('Rar!\x1a\x07\x01\0', zeros(60));
  expect((await judged(rar, path)).verdict).toBe('block');
  expect((await judged(rar, 'data.rar')).verdict).toBe('review');
});
