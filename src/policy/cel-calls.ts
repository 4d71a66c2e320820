// SPDX-License-Identifier: Apache-2.0
import { agree, type CelType } from './cel-types.ts';

/** A function or operator: what it gives for these types (the target of a method first), or nothing where they do not fit. */
export interface Call {
  readonly method?: boolean;
  readonly result: (types: readonly CelType[]) => CelType | undefined;
}

type Is = CelType['is'];

const BOOL: CelType = { is: 'bool' };
const INT: CelType = { is: 'int' };
const DYN: CelType = { is: 'dyn' };

/** Fixed arguments, and what comes of them. `string` takes words too, and everything takes what is not known. */
function fixed(args: readonly Is[], result: CelType, method?: boolean): Call {
  return {
    ...(method === undefined ? {} : { method }),
    result: (types) =>
      types.length === args.length && types.every((type, i) => fits(type, args[i] ?? 'dyn')) ? result : undefined,
  };
}

function fits({ is }: CelType, wanted: Is): boolean {
  return is === 'dyn' || wanted === 'dyn' || is === wanted || (is === 'word' && wanted === 'string');
}

const logic: Call = { result: (types) => (types.every((type) => fits(type, 'bool')) ? BOOL : undefined) };
const equality: Call = {
  result: ([a, b]) => (a && b && (agree(a, b) || a.is === 'null' || b.is === 'null') ? BOOL : undefined),
};

const ORDERED: readonly Is[] = ['bool', 'int', 'double', 'string', 'word', 'bytes', 'timestamp', 'duration', 'dyn'];
const order: Call = {
  result: ([a, b]) => (a && b && agree(a, b) && ORDERED.includes(a.is) && ORDERED.includes(b.is) ? BOOL : undefined),
};

/** Ints and doubles do not mix in arithmetic. */
function arithmetic(...more: readonly (readonly [Is, Is, Is])[]): Call {
  const rows = [['int', 'int', 'int'], ['double', 'double', 'double'], ...more] as const;
  return {
    result: ([a, b]) => {
      if (!a || !b) return undefined;
      if (a.is === 'dyn' || b.is === 'dyn') return DYN;
      if (a.is === 'list' && b.is === 'list' && more.some(([left]) => left === 'list')) return listOf(a, b);
      const row = rows.find(([left, right]) => left !== 'list' && fits(a, left) && fits(b, right));
      return row && ({ is: row[2] } as CelType);
    },
  };
}

function listOf(a: CelType & { is: 'list' }, b: CelType & { is: 'list' }): CelType {
  return a.of.is === 'dyn' || agree(a.of, b.of)
    ? { is: 'list', of: a.of.is === 'dyn' ? b.of : a.of }
    : { is: 'list', of: DYN };
}

const sizes: Call = {
  result: ([of, ...rest]) =>
    of && rest.length === 0 && ['string', 'word', 'bytes', 'list', 'map', 'object', 'dyn'].includes(of.is)
      ? INT
      : undefined,
};

const texts = (count: number) =>
  fixed(
    Array.from({ length: count }, () => 'string' as const),
    BOOL,
    true,
  );
const one = (is: Is) => fixed(['dyn'], { is } as CelType, false);
const dates: Call = {
  method: true,
  result: ([at, zone, ...rest]) =>
    at && ['timestamp', 'duration', 'dyn'].includes(at.is) && (!zone || fits(zone, 'string')) && rest.length === 0
      ? INT
      : undefined,
};

/** The functions of CEL that policy may use. */
export const CALLS: Readonly<Record<string, Call>> = {
  '_&&_': logic,
  '_||_': logic,
  '!_': fixed(['bool'], BOOL),
  '@not_strictly_false': fixed(['bool'], BOOL),
  '_?_:_': {
    result: ([test, yes, no]) =>
      test && yes && no && fits(test, 'bool')
        ? agree(yes, no)
          ? yes.is === 'word'
            ? { is: 'string' }
            : yes
          : DYN
        : undefined,
  },
  '_==_': equality,
  '_!=_': equality,
  '_<_': order,
  '_<=_': order,
  '_>_': order,
  '_>=_': order,
  '_+_': arithmetic(
    ['string', 'string', 'string'],
    ['bytes', 'bytes', 'bytes'],
    ['timestamp', 'duration', 'timestamp'],
    ['duration', 'timestamp', 'timestamp'],
    ['duration', 'duration', 'duration'],
    ['list', 'list', 'list'],
  ),
  '_-_': arithmetic(
    ['timestamp', 'timestamp', 'duration'],
    ['timestamp', 'duration', 'timestamp'],
    ['duration', 'duration', 'duration'],
  ),
  '_*_': arithmetic(),
  '_/_': arithmetic(),
  '_%_': fixed(['int', 'int'], INT),
  '-_': { result: ([of]) => (of && ['int', 'double', 'dyn'].includes(of.is) ? of : undefined) },
  '@in': {
    result: ([what, where]) => {
      if (!what || !where) return undefined;
      if (where.is === 'list') return agree(what, where.of) ? BOOL : undefined;
      return ['map', 'object', 'dyn'].includes(where.is) ? BOOL : undefined;
    },
  },
  '_[_]': {
    result: ([of, at]) => {
      if (!of || !at) return undefined;
      if (of.is === 'list') return fits(at, 'int') ? of.of : undefined;
      return ['map', 'object', 'dyn'].includes(of.is) ? DYN : undefined;
    },
  },
  size: sizes,
  contains: texts(2),
  startsWith: texts(2),
  endsWith: texts(2),
  matches: fixed(['string', 'string'], BOOL),
  timestamp: fixed(['string'], { is: 'timestamp' }, false),
  duration: fixed(['string'], { is: 'duration' }, false),
  string: one('string'),
  int: one('int'),
  double: one('double'),
  ...Object.fromEntries(
    ['FullYear', 'Month', 'Date', 'DayOfMonth', 'DayOfWeek', 'DayOfYear', 'Hours', 'Minutes', 'Seconds'].map((part) => [
      `get${part}`,
      dates,
    ]),
  ),
};
