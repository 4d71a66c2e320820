// SPDX-License-Identifier: Apache-2.0
// Puts one file into a folder store: node put-blob.ts ROOT SHA256 SIZE FILE
import { parseSha256 } from '#src/domain/digest.ts';
import { openFolder } from '#src/store/folder.ts';
import { FolderBlobStore } from '#src/store/folder-blob-store.ts';

const [root = '', sha256 = '', size = '', file = ''] = process.argv.slice(2);
await new FolderBlobStore(await openFolder(root)).put(parseSha256(sha256), Number(size), file);
