// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { DataClaims, wholeNumber } from '../claims.ts';
import type { UseList } from '../uses.ts';
import type { XmlElement } from './parser.ts';

/** What one vocabulary names, element by element. Scheme and name say what rules/xml.yaml judges. */
export interface Vocabulary {
  open(element: XmlElement): void;
  close?(depth: number): void;
  text?(text: string): void;
  end?(): void;
}

/** The vocabulary of a root, and the format that a document of it has. */
export function vocabularyOf(root: XmlElement, uses: UseList): { format: string; vocabulary: Vocabulary | undefined } {
  if (root.local === 'PMML') return { format: 'pmml', vocabulary: pmml(uses) };
  if (root.local === 'net' && root.attributes.has('version')) return { format: 'openvino', vocabulary: openvino(uses) };
  if (root.local === 'svg') return { format: 'svg', vocabulary: svg(uses) };
  if (root.local === 'plist') return { format: 'plist', vocabulary: elements(uses, 'plist-element') };
  return { format: 'xml', vocabulary: undefined };
}

function elements(uses: UseList, scheme: string): Vocabulary {
  return { open: ({ local, line }) => uses.add(scheme, local, `line ${line}`) };
}

/**
 * PMML 4.x: the elements, and the functions that expressions apply. A row of an inline table holds elements of any
 * name. Functions that the document defines itself are no stranger's.
 */
function pmml(uses: UseList): Vocabulary {
  const defined = new Set<string>();
  const applied = new Map<string, number>();
  let rowDepth = 0;
  return {
    open({ local, namespace, attributes, depth, line }) {
      if (rowDepth > 0) return;
      if (local === 'row') rowDepth = depth;
      const own = namespace === '' || /^https?:\/\/www\.dmg\.org\/PMML-\d+([_.]\d+)*$/.test(namespace);
      uses.add('pmml-element', own ? local : `{${namespace}}${local}`, `line ${line}`);
      const name = attributes.get(local === 'DefineFunction' ? 'name' : 'function');
      if (local === 'DefineFunction' && name !== undefined) defined.add(name);
      if (local === 'Apply' && name !== undefined && !applied.has(name)) applied.set(name, line);
      within('facts', Math.max(defined.size, applied.size));
    },
    close(depth) {
      if (depth === rowDepth) rowDepth = 0;
    },
    end() {
      for (const [name, line] of applied) if (!defined.has(name)) uses.add('pmml-function', name, `line ${line}`);
    },
  };
}

/** Elements that lie in the file beside the model: `data` of constants, and the others in versions before 10. */
const OPENVINO_DATA: ReadonlySet<string> = new Set(['data', 'weights', 'biases', 'custom']);

/** OpenVINO IR: the layers by the operation set that has them, and which bytes of the file beside it are weights. */
function openvino(uses: UseList): Vocabulary {
  const weights = new DataClaims();
  let infoDepth = 0;
  return {
    open({ local, attributes, depth, line }) {
      if (infoDepth > 0) return;
      if (local === 'rt_info' || local === 'meta_data') infoDepth = depth;
      if (local !== 'net') uses.add('openvino-element', local, `line ${line}`);
      if (local === 'layer')
        uses.add(
          'openvino-layer',
          `${attributes.get('version') ?? ''}:${attributes.get('type') ?? ''}`,
          `line ${line}`,
        );
      const [offset, size] = [attributes.get('offset'), attributes.get('size')];
      if (!OPENVINO_DATA.has(local) || offset === undefined || size === undefined) return;
      const [begin, length] = [wholeNumber(offset), wholeNumber(size)];
      if (begin !== undefined && length !== undefined) weights.add('', [begin, begin + length], '$.layers');
      else uses.add('openvino-element', `data at ${offset} of ${size} bytes`, `line ${line}`);
    },
    close(depth) {
      if (depth === infoDepth) infoDepth = 0;
    },
    end() {
      weights.report(uses, 'openvino-weights');
    },
  };
}

/** SVG: what runs or fetches when a page shows the picture. */
function svg(uses: UseList): Vocabulary {
  return {
    open({ local, namespace, attributes, line }) {
      const place = `line ${line}`;
      if (namespace === '' || namespace === 'http://www.w3.org/2000/svg') uses.add('svg-element', local, place);
      else if (namespace === 'http://www.w3.org/1999/xhtml') uses.add('svg-element', `html ${local}`, place);
      for (const [name, value] of attributes) {
        const plain = name.slice(name.indexOf(':') + 1).toLowerCase();
        const target = value.replace(/[\s\p{Cc}]/gu, '').toLowerCase();
        if (/^on[a-z]/.test(plain)) uses.add('svg-active', `attribute ${plain}`, place);
        else if (plain === 'attributename' && /^(?:on|(?:xlink:)?href)/.test(target))
          uses.add('svg-active', `animates ${target}`, place);
        else if (
          /^(?:href|src|to|values|from|action|begin)$/.test(plain) &&
          /(?:^|;)(?:javascript|vbscript):/.test(target)
        )
          uses.add('svg-active', 'a script in a link', place);
        else if (plain === 'href' && local !== 'a' && !/^(?:#|data:image\/|$)/.test(target))
          uses.add('svg-link', target.slice(0, 100), place);
        else if (plain === 'style' && /url\(['"]?(?!#|data:image)/.test(target))
          uses.add('svg-link', target.slice(0, 100), place);
      }
    },
  };
}
