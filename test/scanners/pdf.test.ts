// SPDX-License-Identifier: Apache-2.0
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { callPickle, raw } from './pickle-bytes.ts';
import { zipOf } from './zip-bytes.ts';

const stream = (dictionary: string, data: Uint8Array, length = String(data.length)) =>
  raw(`5 0 obj\n<< /Length ${length} ${dictionary} >>\nstream\n`, data, '\nendstream\nendobj\n');
/** Header, a catalog, what is given, and the end; no viewer needs the table of objects to be right. */
const pdf = (catalog = '', ...objects: Uint8Array[]) =>
  raw(
    `%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R ${catalog} >>\nendobj\n`,
    ...objects,
    'xref\n0 2\n0000000000 65535 f \n0000000015 00000 n \ntrailer\n<< /Root 1 0 R /ID [<00ff> (a\\)(b))] >>\nstartxref\n99\n%%EOF\n',
  );
const objects = (text: string) => stream('/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode', deflateSync(raw(text)));

test.each([
  ['a plain document', pdf()],
  [
    'that opens at a page and links to an address',
    pdf('/OpenAction [3 0 R /Fit] /A << /S /URI /URI (https://a.org) >>'),
  ],
  ['with a stream', pdf('', stream('/Filter /FlateDecode', deflateSync(raw('BT (JS) Tj ET'))))],
  ['with a stream whose length stands elsewhere', pdf('', stream('', raw('BT (x) Tj ET'), '9 0 R'))],
  ['with objects in a stream', pdf('', objects('7 0 << /Type /Page >>'))],
  ['that was saved twice', raw(pdf(), '9 0 obj\nnull\nendobj\nstartxref\n9\n%%EOF\n')],
])('%s passes', async (_what, bytes) => {
  expect(await judged(bytes, 'paper.pdf')).toEqual({ format: 'pdf', verdict: 'pass', findings: [] });
});

describe('a document', () => {
  test.each([
    ['that starts a program', pdf('/OpenAction << /S /Launch /F (cmd.exe) >>'), 'pdf-action', 'block'],
    ['that hides it in a name', pdf('/OpenAction << /S /L#61unch >>'), 'pdf-action', 'block'],
    ['that hides it in a stream', pdf('', objects('7 0 << /S /Launch >>')), 'pdf-action', 'block'],
    ['with a script', pdf('/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>'), 'pdf-action', 'review'],
    ['with a script of attacks', pdf('/AA << /JS (e\\166al\\(unescape\\("%u0c0c"\\)\\)) >>'), 'pdf-script', 'block'],
    ['with files', pdf('/Names << /EmbeddedFiles 4 0 R >>'), 'pdf-action', 'review'],
    ['that is encrypted', pdf('/Encrypt 4 0 R'), 'pdf-action', 'review'],
    [
      'with objects that are not unpacked',
      pdf('', stream('/Type /ObjStm /Filter /LZWDecode', raw('x'))),
      'pdf-unread',
      'review',
    ],
    [
      'with an archive in a stream',
      pdf('', stream('', zipOf([{ name: 'a', data: raw('b') }]))),
      'pdf-payload',
      'block',
    ],
    ['with a pickle behind it', raw(pdf(), callPickle('os', 'system')), 'trailing-payload', 'block'],
    ['that is an archive too', raw(pdf(), zipOf([{ name: 'a.py', data: raw('1') }])), 'trailing-payload', 'block'],
    ['with something behind it', raw(pdf(), '\x01\x02\x03'), 'trailing-bytes', 'review'],
    ['whose stream has no end', raw('%PDF-1.7\n1 0 obj\n<< /Length 5 >>\nstream\nab'), 'pdf-malformed', 'review'],
  ])('%s does not pass', async (_what, bytes, rule, verdict) => {
    expect(await rulesOf(bytes, 'paper.pdf')).toContain(rule);
    expect((await judged(bytes, 'paper.pdf')).verdict).toBe(verdict);
  });

  test('gives these facts', async () => {
    expect(await factsOf(pdf('/AA << /S /Launch >>'))).toMatchObject({
      problems: [],
      uses: [{ scheme: 'pdf-action', name: 'Launch', at: 'byte 64', offset: 64 }],
    });
  });
});
