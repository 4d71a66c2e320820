// SPDX-License-Identifier: Apache-2.0

type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * The header that leads to the next page: absolute, because clients resolve nothing, and with a blank before `rel`,
 * which @huggingface/hub insists on.
 */
export function nextLink(baseUrl: string, path: readonly string[], parameters: Parameters): { link: string } {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const one of value === undefined ? [] : [value].flat()) query.append(name, one as string);
  return { link: `<${baseUrl}/${path.map(encodeURIComponent).join('/')}?${query}>; rel="next"` };
}
