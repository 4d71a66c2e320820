// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { factsOf, judged, rulesOf } from './judged.ts';
import { raw } from './pickle-bytes.ts';

const pmml = (inner: string, before = '<?xml version="1.0"?>\n') =>
  `${before}<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>${inner}</PMML>`;
const apply = (name: string) =>
  pmml(
    `<TransformationDictionary><DerivedField name="y"><Apply function="${name}"><FieldRef field="x"/></Apply></DerivedField></TransformationDictionary>`,
  );
const layer = (version: string, type: string) =>
  `<?xml version="1.0"?><net name="m" version="11"><layers><layer id="0" name="x" type="${type}" version="${version}"><data offset="0" size="432"/><output><port id="0" precision="FP32"><dim>1</dim></port></output></layer></layers><edges/><rt_info><anything value="1"/></rt_info></net>`;
const svg = (inner: string, attributes = '') => `<svg xmlns="http://www.w3.org/2000/svg"${attributes}>${inner}</svg>`;
const utf16 = (text: string) => raw('\xff\xfe', Buffer.from(text, 'utf16le'));
const XXE = '<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]>';

describe('an XML document', () => {
  test.each([
    ['PMML', pmml(''), 'model.pmml'],
    ['PMML under another name', pmml(''), 'model.xml'],
    ['PMML in UTF-16', utf16(pmml('', '<?xml version="1.0" encoding="UTF-16"?>')), 'model.pmml'],
    ['PMML in Latin-1', raw(pmml('<!-- \xe9 -->', '<?xml version="1.0" encoding="ISO-8859-1"?>')), 'model.pmml'],
    ['a function of PMML', apply('log10'), 'model.pmml'],
    [
      'text that talks of entities',
      pmml('<!-- <!ENTITY x SYSTEM "y"> --><Extension value="&lt;!DOCTYPE"/>'),
      'model.pmml',
    ],
    ['a CDATA section', pmml('<Extension><![CDATA[<!ENTITY]]></Extension>'), 'model.pmml'],
    [
      'a row of an inline table',
      pmml(
        '<InlineTable xmlns:data="http://jpmml.org/jpmml-model/InlineTable"><row><data:input>a</data:input></row></InlineTable>',
      ),
      'model.pmml',
    ],
    ['an OpenVINO model', layer('opset1', 'Const'), 'model.xml'],
    ['a cascade of OpenCV', '<?xml version="1.0"?><opencv_storage><a type_id="x">1 2</a></opencv_storage>', 'face.xml'],
    ['an annotation without a declaration', '<annotation><folder>a</folder></annotation>', 'a.xml'],
    [
      'a property list',
      '<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist version="1.0"><dict><key>a</key><true/></dict></plist>',
      'Info.plist',
    ],
    [
      'a picture',
      `<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">${svg('<path d="M0 0"/><use href="#a"/>')}`,
      'plot.svg',
    ],
  ])('%s passes', async (_what, text, path) => {
    const { verdict, findings } = await judged(text, path);
    expect(findings).toEqual([]);
    expect(verdict).toBe('pass');
  });

  test.each([
    ['an external entity', pmml('&x;', `<?xml version="1.0"?>${XXE}`), 'model.pmml'],
    ['an external entity in UTF-16', utf16(pmml('&x;', XXE)), 'model.pmml'],
    [
      'an external entity in UTF-16 without a mark',
      Buffer.from(pmml('&x;', `<?xml version="1.0"?>${XXE}`), 'utf16le'),
      'model.pmml',
    ],
    ['an encoding that hides it', pmml('', '<?xml version="1.0" encoding="UTF-7"?>'), 'model.pmml'],
    [
      'a parameter entity',
      pmml('', '<!DOCTYPE PMML [<!ENTITY % p SYSTEM "http://host.invalid/a.dtd"> %p;]>'),
      'model.pmml',
    ],
    ['a document type in a file', pmml('', '<!DOCTYPE PMML SYSTEM "a.dtd">'), 'model.pmml'],
    [
      'a document type from a host',
      pmml('', '<!DOCTYPE PMML PUBLIC "-//a//b" "http://host.invalid/a.dtd">'),
      'model.pmml',
    ],
    ['entities that grow', pmml('&b;', '<!DOCTYPE PMML [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'), 'model.pmml'],
    [
      'a comment that holds the end',
      pmml('', '<!DOCTYPE PMML [<!-- ]> --><!ENTITY x SYSTEM "file:///a">]>'),
      'model.xml',
    ],
    ['an entity in a broken document', '<?xml version="1.0"?><a><!ENTITY x SYSTEM "file:///a"></b>', 'a.xml'],
    ['an entity in a picture', `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///a">]>${svg('&x;')}`, 'a.svg'],
    ['a type of another root', pmml('', '<!DOCTYPE svg [<!ENTITY x "y">]>'), 'model.xml'],
    [
      'an inclusion',
      pmml('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'),
      'model.pmml',
    ],
    ['a script in a picture', svg('<script>1</script>'), 'a.svg'],
    ['a handler in a picture', svg('', ' onload="f()"'), 'a.svg'],
    ['a script in a link of a picture', svg('<a href="java&#x0A;script:f()"><path/></a>'), 'a.svg'],
    [
      'objects for XMLDecoder',
      '<?xml version="1.0"?><java version="1.8" class="java.beans.XMLDecoder"><object class="java.lang.ProcessBuilder"/></java>',
      'model.xml',
    ],
    ['objects for XStream', '<dynamic-proxy><interface>java.lang.Comparable</interface></dynamic-proxy>', 'model.xml'],
    [
      'beans for Spring',
      '<beans xmlns="http://www.springframework.org/schema/beans"><bean class="java.lang.ProcessBuilder"/></beans>',
      'a.xml',
    ],
    [
      'a stylesheet that runs code',
      '<?xml version="1.0"?><xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:value-of select="document(\'file:///a\')"/></xsl:stylesheet>',
      'a.xml',
    ],
    ['a function of the Java runtime', apply('java.lang.Runtime.exec'), 'model.pmml'],
    ['a script', pmml('<script>import os</script>'), 'model.pmml'],
  ])('with %s is blocked', async (_what, text, path) => {
    expect((await judged(text, path)).verdict).toBe('block');
  });

  test.each([
    ['of an unknown vocabulary', '<?xml version="1.0"?><thing/>', 'a.xml', ['xml-root']],
    ['that does not end', '<?xml version="1.0"?><PMML version="4.4"><Header>', 'a.pmml', ['xml-malformed']],
    ['with two roots', `${pmml('')}<a/>`, 'a.pmml', ['xml-malformed']],
    ['with a Java function', apply('com.example.Fn'), 'model.pmml', ['pmml-function']],
    ['with a foreign element', pmml('<a:b xmlns:a="urn:a"/>'), 'model.pmml', ['pmml-element']],
    ['with a custom layer', layer('extension', 'MyLayer'), 'model.xml', ['openvino-layer']],
    [
      'with a stylesheet',
      `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="a.xsl"?><rss/>`,
      'a.xml',
      ['xml-instruction'],
    ],
    ['with a link in a picture', svg('<image href="http://host.invalid/a.png"/>'), 'a.svg', ['svg-link']],
  ])('%s asks for a review', async (_what, text, path, rules) => {
    expect(await rulesOf(text, path)).toEqual(rules);
    expect((await judged(text, path)).verdict).toBe('review');
  });

  test.each([
    '<unk>\n<s>\n</s>\n',
    '<p align="center">\n<b>A model</b>',
    '<!-- a note -->\n# Title\n',
    '<|endoftext|>\n',
  ])('is not made of a text that begins with %j', async (text) => {
    expect((await factsOf(Buffer.from(text))).format).toBe('text');
  });

  test('of a million elements is read in pieces, and one without end is unscannable', async () => {
    const large = pmml('<Extension value="a"/>'.repeat(200_000));
    expect((await judged(large, 'model.pmml')).verdict).toBe('pass');
    expect((await judged(`<PMML>${'<Extension>'.repeat(100_000)}`, 'model.pmml')).verdict).toBe('unscannable');
  });

  test('gives these facts', async () => {
    expect(await factsOf(Buffer.from(layer('opset1', 'Const')))).toMatchObject({
      format: 'openvino',
      problems: [],
      uses: expect.arrayContaining([
        { scheme: 'openvino-layer', name: 'opset1:Const', at: 'line 1' },
        { scheme: 'openvino-weights', name: '0-432', at: '$.layers' },
      ]),
    });
  });
});
