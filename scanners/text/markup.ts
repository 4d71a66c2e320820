// SPDX-License-Identifier: Apache-2.0

/** What a browser acts on beside showing text: scripts, frames, handlers, plug-ins, redirects. */
const ACTIVE =
  /<\s*(?:[\w-]+:)?(script|iframe|frame|object|embed|applet|foreignObject|handler|listener|base)\b|[\s"'/](on(?:load|error|click|mouse\w+|focus|blur|key\w+|begin|end|repeat|toggle|submit|change|input|pointer\w+|animation\w+|page\w+|message|resize|scroll|wheel|drag\w*|drop|copy|cut|paste|activate|unload|beforeunload|hashchange|popstate|storage))\s*=|(javascript|vbscript)\s*:|(data\s*:\s*(?:text\/html|image\/svg|application\/(?:javascript|xhtml)))|http-equiv\s*=\s*["']?(refresh)|<\s*(form)\b[^>]{0,300}\baction\s*=\s*["']?\s*(?:https?:)?\/\//gi;

export function* activeContent(text: string): Generator<{ name: string; at: number }> {
  for (const match of withoutReferences(text).matchAll(ACTIVE)) {
    const [, element, handler, scheme, data, refresh, form] = match;
    const name = element
      ? `<${element.toLowerCase()}>`
      : (handler ?? scheme ?? data ?? refresh ?? form ?? '').toLowerCase();
    yield { name, at: match.index };
  }
}

/** `&#106;avascript:` is read as `javascript:`; white space inside a scheme does not count. */
function withoutReferences(text: string): string {
  if (!/&#|&(?:Tab|NewLine|colon);/.test(text)) return text;
  return text.replace(
    /&#(?:x([\da-f]{1,6})|(\d{1,7}));?|&(?:Tab|NewLine);|(&colon;)/gi,
    (_all, hex, decimal, colon) => {
      if (colon) return ':';
      const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
      return code > 32 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
    },
  );
}

/** What kind of document a text begins as, if it is markup. */
export function markupKind(text: string): 'html' | 'svg' | 'xml' | undefined {
  const { root, isXml } = prologue(text);
  if (/^<(?:\w+:)?svg\b/i.test(root)) return 'svg';
  if (/^<(?:html|head|body|script|iframe)\b/i.test(root) || /^\s*<!doctype\s+html/i.test(text)) return 'html';
  return isXml ? 'xml' : undefined;
}

/** Where the first element begins, behind comments of any length. */
function prologue(text: string): { root: string; isXml: boolean } {
  const part = /\s+|\ufeff|<!--[\s\S]*?-->|(<\?xml[^>]*\?>|<!DOCTYPE\s[^>]*>)/iy;
  let isXml = false;
  let end = 0;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    isXml ||= match[1] !== undefined;
    end = part.lastIndex;
  }
  return { root: text.slice(end, end + 100), isXml };
}
