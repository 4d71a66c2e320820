// SPDX-License-Identifier: Apache-2.0
import { outermostFields } from '../protobuf/text-walk.ts';
import { activeContent, markupKind } from './markup.ts';
import { readNotebookMagics } from './notebook.ts';
import { readPackages } from './packages.ts';
import { readPython } from './python.ts';
import { assignedSecrets } from './secrets.ts';
import { readSettings } from './settings.ts';
import { commandShapes, commandsIn } from './shell.ts';
import { PlaceFinder, type TextUses } from './uses.ts';
import { readYaml } from './yaml.ts';

const EICAR = 'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*';
const BIDI = /[\u202a-\u202e\u2066-\u2069]/g;

/**
 * What a text is to whoever runs or parses it is told by its name, which facts do not know. So it is read as each of
 * the languages that it may be; rules count a scheme only under the names of its language.
 */
export function readWhole(text: string, uses: TextUses): void {
  const places = new PlaceFinder(text);
  readScript(text, uses);
  readPython(text, uses);
  readYaml(text, uses);
  readNotebookMagics(text, uses);
  for (const { name, at } of commandShapes(text)) uses.add('shell-shape', name, places.lineOf(at));
  for (const { name, at } of assignedSecrets(text)) uses.add('credential', name, places.lineOf(at));
  readMarkup(text, uses, places);
  readHidden(text, uses, places);
  readSetup(text, uses, places);
  readSettings(text, uses, places);
  if (outermostFields(text) === undefined) uses.add('protobuf-text-broken', 'not in the text format', 'the file');
}

/** A text that says by its first line what runs it. */
function readScript(text: string, uses: TextUses): void {
  for (const command of commandsIn(text)) uses.add('shell-command', command, 'the file');
  const line = /^\ufeff?#![ \t]*(\S[^\r\n]{0,100})/.exec(text)?.[1];
  if (line === undefined) return;
  uses.add('script', line, 'line 1');
  for (const { name, at } of commandShapes(text)) uses.add('script-shape', name, new PlaceFinder(text).lineOf(at));
}

function readMarkup(text: string, uses: TextUses, places: PlaceFinder): void {
  const kind = markupKind(text);
  const scheme = kind === undefined || kind === 'xml' ? 'active-content' : `active-${kind}`;
  if (kind === 'xml') uses.add('markup', text.trim().slice(0, 40), 'line 1');
  for (const { name, at } of activeContent(text)) uses.add(scheme, name, places.lineOf(at));
  for (const match of text.matchAll(/<!(?:DOCTYPE|ENTITY)\b[^>]{0,60}/g))
    if (kind === 'xml' || kind === 'svg' || kind === undefined)
      uses.add('xml-declaration', match[0], places.lineOf(match.index));
}

function readHidden(text: string, uses: TextUses, places: PlaceFinder): void {
  const virus = text.indexOf(EICAR);
  if (virus >= 0) {
    const isAlone = text.slice(0, virus).trim() === '' || text.slice(0, virus) === '\ufeff';
    uses.add(isAlone ? 'test-virus' : 'test-virus-quoted', 'EICAR', places.lineOf(virus));
  }
  for (const match of text.matchAll(BIDI)) {
    const code = match[0].codePointAt(0) ?? 0;
    uses.add('bidi-control', `U+${code.toString(16).toUpperCase()}`, places.lineOf(match.index));
  }
}

/** What installing from the text, or opening it, would fetch or run. */
function readSetup(text: string, uses: TextUses, places: PlaceFinder): void {
  readPackages(text, uses, places);
  for (const match of text.matchAll(/^import[ \t][^\r\n]{0,150}/gm))
    uses.add('site-line', match[0], places.lineOf(match.index));
  for (const match of text.matchAll(
    /^(Exec|TryExec|URL|IconFile|IconResource|IconIndex|BASEURL)[ \t]*=[ \t]*([^\r\n]{1,150})/gim,
  ))
    uses.add('desktop-entry', `${match[1]}=${match[2]}`, places.lineOf(match.index));
  for (const match of text.matchAll(
    /^[ \t]*([=+@-][^,;\t\r\n]{0,100}(?:cmd|DDE|HYPERLINK|WEBSERVICE|IMPORTXML)\b[^\r\n]{0,60})/gim,
  ))
    uses.add('formula', match[1] ?? '', places.lineOf(match.index));
}
