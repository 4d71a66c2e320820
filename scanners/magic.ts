// SPDX-License-Identifier: Apache-2.0
import { isBzip2 } from './compression/bzip2.ts';
import { bytes, startsWith } from './io/starts.ts';
import { mediaOf } from './media-magic.ts';
import { isR } from './r/recognise.ts';

/** Formats that announce themselves in their first bytes. Order matters where one is the beginning of another. */
const MAGICS: readonly (readonly [format: string, magic: readonly number[], at?: number])[] = [
  ['zip', bytes('PK\x03\x04')],
  ['zip', bytes('PK\x05\x06')],
  ['zip', bytes('PK\x07\x08')],
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', bytes('Rar!\x1a\x07')],
  ['rar', bytes('RE~^')],
  ['tar', bytes('ustar'), 257],
  ['cab', bytes('MSCF\0\0\0\0')],
  ['ar', bytes('!<thin>\n')],
  ['lzip', bytes('LZIP\x01')],
  ['lzop', [0x89, ...bytes('LZO\0\r\n\x1a\n')]],
  ['lrzip', bytes('LRZI\0')],
  ['compress', [0x1f, 0x9d]],
  ['pack', [0x1f, 0x1e]],
  ['lzh', [0x1f, 0xa0]],
  ['snappy', [0xff, 0x06, 0x00, 0x00, ...bytes('sNaPpY')]],
  ['zoo', [0xdc, 0xa7, 0xc4, 0xfd], 20],
  ['ace', bytes('**ACE**'), 7],
  ['squashfs', bytes('hsqs')],
  ['squashfs', bytes('sqsh')],
  ['iso9660', bytes('CD001'), 32_769],
  ['wim', bytes('MSWIM\0\0\0')],
  ['zpaq', bytes('7kSt')],
  ['zpaq', bytes('zPQ\x01')],
  ['zpaq', bytes('zPQ\x02')],
  ['stuffit', bytes('StuffIt (c)')],
  ['stuffit', bytes('SIT!\0')],
  ['elf', [0x7f, 0x45, 0x4c, 0x46]],
  ['mach-o', [0xfe, 0xed, 0xfa, 0xce]],
  ['mach-o', [0xfe, 0xed, 0xfa, 0xcf]],
  ['mach-o', [0xce, 0xfa, 0xed, 0xfe]],
  ['mach-o', [0xcf, 0xfa, 0xed, 0xfe]],
  ['mach-o', [0xca, 0xfe, 0xba, 0xbf]],
  ['mach-o', [0xbe, 0xba, 0xfe, 0xca]],
  ['dex', bytes('dex\n0')],
  ['bitcode', [0x42, 0x43, 0xc0, 0xde]],
  ['bitcode', [0xde, 0xc0, 0x17, 0x0b]],
  ['lua-bytecode', bytes('\x1bLua')],
  ['lua-bytecode', bytes('\x1bLJ')],
  ['ape', bytes("MZqFpD='")],
  ['ape', bytes("jartsr='")],
  ['ape', bytes("APEDBG='")],
  ['lnk', [0x4c, 0, 0, 0, 0x01, 0x14, 0x02, 0]],
  ['pef', bytes('Joy!peff')],
  ['ole2', [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]],
  ['ar', bytes('!<arch>\n')],
  ['rpm', [0xed, 0xab, 0xee, 0xdb]],
  ['chm', bytes('ITSF')],
  ['crx', bytes('Cr24')],
  ['xar', bytes('xar!')],
  ['fatbin', [0x50, 0xed, 0x55, 0xba]],
  ['spirv', [0x03, 0x02, 0x23, 0x07]],
  ['keystore', [0xfe, 0xed, 0xfe, 0xed]],
  ['rtf', bytes('{\\rt')],
  ['postscript', bytes('%!PS')],
  ['wasm', bytes('\0asm')],
  ['npy', [0x93, ...bytes('NUMPY')]],
  ['png', [0x89, ...bytes('PNG\r\n\x1a\n')]],
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['gif', bytes('GIF87a')],
  ['gif', bytes('GIF89a')],
  ['gguf', bytes('GGUF')],
  ['ggml', bytes('lmgg')],
  ['ggml', bytes('fmgg')],
  ['ggml', bytes('tjgg')],
  ['ggml', bytes('algg')],
  ['catboost', bytes('CBM1')],
  ['fasttext', [0xba, 0x16, 0x4f, 0x2f]],
  ...['IxFI', 'IxF2', 'IxFl', 'IxMp', 'IxM2', 'IHNf', 'IHNp', 'IHNs', 'IHN2'].map(
    (name) => ['faiss', bytes(name)] as const,
  ),
  ...['IwFl', 'IwPQ', 'IwSq', 'IxPq', 'IxSQ', 'IxPT', 'IxRF'].map((name) => ['faiss', bytes(name)] as const),
  ['tensorrt', bytes('ptrt')],
  ['tensorrt', bytes('ftrt')],
  ['hailo', [0x01, ...bytes('HEF')]],
  ['rknn', bytes('RKNN')],
  ['ascend', bytes('IMOD')],
  ['java-serialized', [0xac, 0xed, 0x00, 0x05]],
  ['dotnet-serialized', [0x00, 0x01, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ['bplist', bytes('bplist0')],
  ['hdf5', [0x89, ...bytes('HDF\r\n\x1a\n')]],
  ['pdf', bytes('%PDF-')],
  ['parquet', bytes('PAR1')],
  ['arrow', bytes('ARROW1')],
  ['feather', bytes('FEA1')],
  ['sqlite', bytes('SQLite format 3\0')],
];

/** Identifiers of flatbuffers, behind the offset of the root table. */
const FLATBUFFERS: readonly (readonly [format: string, identifier: readonly number[]])[] = [
  ['tflite', bytes('TFL3')],
  ['executorch', bytes('ET12')],
  ['flat-tensor', bytes('FT01')],
  ['ort', bytes('ORTM')],
];

/** Their magic is a few letters, as a text may begin with: a number that holds a zero follows it. */
const WORDS: ReadonlySet<string> = new Set([
  'faiss',
  'gguf',
  'ggml',
  'catboost',
  'tensorrt',
  'rknn',
  'ascend',
  'feather',
  'dex',
]);

function isWritten(head: Uint8Array): boolean {
  return !head.subarray(0, 64).includes(0);
}

/** What the first bytes announce. RIFF and PE need a second look further in. */
export function magicOf(head: Uint8Array): string | undefined {
  for (const [format, magic, at = 0] of MAGICS)
    if (startsWith(head, magic, at) && !(WORDS.has(format) && isWritten(head))) return format;
  // The root table is among the first 16 MB, so that the fourth byte is zero, as it is in no text.
  if (head[3] === 0) for (const [format, magic] of FLATBUFFERS) if (startsWith(head, magic, 4)) return format;
  if (startsWith(head, bytes('RIFF')) && startsWith(head, bytes('WEBP'), 8)) return 'webp';
  const media = mediaOf(head);
  if (media !== undefined) return media;
  if (startsWith(head, [0xca, 0xfe, 0xba, 0xbe])) return isFatBinary(head) ? 'mach-o' : 'java-class';
  if (isPortableExecutable(head) || isDosExecutable(head)) return 'pe';
  if (isCompiledPython(head)) return 'pyc';
  if (isFlash(head)) return 'flash';
  if (isMatlab(head)) return 'matlab';
  if (isR(head)) return 'rds';
  return archiveOf(head);
}

/** Archives that are known by more than a row of bytes. */
function archiveOf(head: Uint8Array): string | undefined {
  const start = Buffer.from(head.subarray(0, 64)).toString('latin1');
  if (isBzip2(head)) return 'bzip2';
  if (/^07070[127][0-7A-Fa-f]{50}/.test(start)) return 'cpio';
  // Length of the header, sum, `-lh5-` and the like, and a level of 0 to 3 further on.
  if (/^..-(?:lh[0-9dx]|lz[s2-5]|pm[0-2])-/s.test(start)) return 'lha';
  return isCpioOrArj(head);
}

/** Two bytes of magic alone are not enough: the fields behind them must make sense. */
function isCpioOrArj(head: Uint8Array): string | undefined {
  const [a, b, low = 0, high = 0, first = 0] = head;
  const length = low + high * 256;
  if (a === 0x60 && b === 0xea && length >= 30 && length <= 2600 && first >= 30 && first <= 46 && head[10] === 2)
    return 'arj';
  if (head.length < 28) return undefined;
  const swapped = a === 0x71 && b === 0xc7;
  if (!swapped && !(a === 0xc7 && b === 0x71)) return undefined;
  const nameLength = swapped ? (head[20] ?? 0) * 256 + (head[21] ?? 0) : (head[20] ?? 0) + (head[21] ?? 0) * 256;
  return nameLength > 1 && nameLength < 1024 && head[26 + nameLength - 1] === 0 ? 'cpio' : undefined;
}

const PAYLOADS: ReadonlySet<string> = new Set([
  ...[
    'zip',
    'gzip',
    'bzip2',
    'xz',
    'zstd',
    '7z',
    'rar',
    'tar',
    'cab',
    'elf',
    'mach-o',
    'java-class',
    'wasm',
    'pe',
    'pyc',
    'dex',
    'ape',
  ],
  ...['bitcode', 'lua-bytecode', 'lnk', 'ole2', 'flash', 'pdf', 'rtf', 'ar', 'rpm', 'xar'],
  ...['java-serialized', 'dotnet-serialized'],
  ...[
    'lz4',
    'lzip',
    'lzop',
    'lrzip',
    'cpio',
    'zoo',
    'ace',
    'squashfs',
    'wim',
    'zpaq',
    'stuffit',
    'arj',
    'lha',
    'snappy',
  ],
]);

/** What hides behind the end of a file by habit: archives, programs, pickles, scripts. */
export function payloadName(head: Uint8Array): string | undefined {
  const magic = magicOf(head);
  if (magic !== undefined && PAYLOADS.has(magic)) return magic;
  if (isPickleStart(head)) return 'pickle';
  return startsWith(head, bytes('#!/')) ? 'script' : undefined;
}

/** PROTO 2 to 5. Older pickles have no magic and are known by running them. */
export function isPickleStart(head: Uint8Array): boolean {
  const version = head[1] ?? 0;
  return head[0] === 0x80 && version >= 2 && version <= 5;
}

/** `MZ` alone is also how a sentence may start: the header must lead to `PE\0\0`. */
function isPortableExecutable(head: Uint8Array): boolean {
  if (!startsWith(head, bytes('MZ')) || head.length < 64) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return startsWith(head, bytes('PE\0\0'), view.getUint32(0x3c, true));
}

/** The header of an older program: bytes of the last page, pages, and a header of its own size. */
function isDosExecutable(head: Uint8Array): boolean {
  if (!(startsWith(head, bytes('MZ')) || startsWith(head, bytes('ZM'))) || head.length < 28) return false;
  if (!head.subarray(2, 64).includes(0)) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const headerParagraphs = view.getUint16(8, true);
  return (
    view.getUint16(2, true) < 512 && view.getUint16(4, true) > 0 && headerParagraphs > 1 && headerParagraphs < 4096
  );
}

/** A universal binary counts its few architectures where a Java class has its version, which begins at 45. */
function isFatBinary(head: Uint8Array): boolean {
  return head[4] === 0 && head[5] === 0 && head[6] === 0 && (head[7] ?? 0) < 45;
}

/** The number of a CPython release and `\r\n`, and a code object behind the header of that release (PEP 3147, 552). */
function isCompiledPython(head: Uint8Array): boolean {
  if (head[2] !== 0x0d || head[3] !== 0x0a) return false;
  const release = (head[0] ?? 0) + 256 * (head[1] ?? 0);
  const isKnown = (release >= 3000 && release < 4000) || (release >= 50_823 && release < 62_300);
  return isKnown && [8, 12, 16].some((at) => ((head[at] ?? 0) & 0x7f) === 0x63);
}

/** The text of a header, and behind it the version 1.0 and the mark of the order of bytes that most machines have. */
function isMatlab(head: Uint8Array): boolean {
  return startsWith(head, bytes('MATLAB 5.0 MAT-file')) && startsWith(head, bytes('\0\x01IM'), 124);
}

function isFlash(head: Uint8Array): boolean {
  const [first = 0, second, third, version = 0xff] = head;
  return (
    [0x46, 0x43, 0x5a].includes(first) &&
    second === 0x57 &&
    third === 0x53 &&
    version > 0 &&
    version < 60 &&
    head[7] === 0
  );
}
