// SPDX-License-Identifier: Apache-2.0
// The two packages ship no types of their own.

declare module 'spdx-expression-parse' {
  namespace parse {
    interface License {
      license: string;
      plus?: true;
      exception?: string;
    }
    interface Conjunction {
      conjunction: 'and' | 'or';
      left: Info;
      right: Info;
    }
    type Info = License | Conjunction;
  }
  /** @throws Error where the text is no SPDX expression */
  function parse(text: string): parse.Info;
  export = parse;
}

declare module 'spdx-satisfies' {
  /** @throws Error where one of the texts is no SPDX expression, or an entry is a compound one */
  function satisfies(expression: string, allowed: readonly string[]): boolean;
  export = satisfies;
}
