// SPDX-License-Identifier: Apache-2.0
import { within } from '../budgets.ts';
import { MalformedR, type RInput } from './input.ts';
import type { Place, RListener } from './listener.ts';
import { below, inside, isSelfReference } from './places.ts';
import {
  ACTIVE_BINDING,
  BEFORE_ARGUMENT,
  CODE,
  CONSTANTS,
  HAS_ATTRIBUTES,
  HAS_TAG,
  ITEM_BYTES,
  isPair,
  NATIVE,
  NO_ATTRIBUTES,
  T,
} from './types.ts';

const RAW_START = 512;

/** What is to be read next. The last one of the stack is read first. */
type Task =
  | ({ readonly kind: 'item' } & Wanted)
  | { readonly kind: 'items'; left: number; readonly place: Place }
  | { readonly kind: 'texts'; left: number; readonly place: Place }
  | { readonly kind: 'constants'; left: number; readonly place: Place }
  | { readonly kind: 'count'; readonly place: Place }
  | ({ readonly kind: 'shared' } & Wanted)
  | { readonly kind: 'done'; readonly run: () => void };

/** An item, and what is asked of it. */
interface Wanted {
  readonly place: Place;
  /** `head`: what a call calls. `tag`: the name of what follows. `rest`: the rest of a list that is open. */
  readonly role?: 'head' | 'tag' | 'value' | 'rest';
  /** The variables of a workspace are the list at its top. */
  readonly top?: boolean;
  readonly variable?: boolean;
  readonly promise?: { forced: boolean };
  readonly asks?: 'forced' | 'code';
  /** The environment that this is, of a function or around another environment. */
  readonly owner?: { environment?: Reference | undefined };
  /** Symbols below are put here, rather than told. */
  readonly symbols?: string[];
}

/** What may be referred to again: a symbol, or an environment with the one around it; the rest has neither. */
interface Reference {
  readonly name?: string;
  readonly isPackage?: boolean;
  readonly around?: { environment?: Reference | undefined };
}

/**
 * Walks one serialised object (ReadItem, ReadBC of R's serialize.c). It keeps the nesting and the table of references,
 * and of these only the names of symbols; vectors are passed over.
 * @throws MalformedR, EndOfBytes, BudgetHit
 */
export class RWalk {
  private readonly input: RInput;
  private readonly listener: RListener;
  private readonly tasks: Task[] = [];
  private readonly references: Reference[] = [];
  private tag: string | undefined;
  /** A native call whose first argument, which names the routine, has not come yet. */
  private native: { readonly name: string; readonly place: Place; readonly offset: number } | undefined;
  private items = 0;

  constructor(input: RInput, listener: RListener) {
    this.input = input;
    this.listener = listener;
  }

  async run(isWorkspace: boolean): Promise<void> {
    this.tasks.push({ kind: 'item', place: { where: 'data', at: '' }, top: isWorkspace });
    for (let task = this.tasks.pop(); task !== undefined; task = this.tasks.pop()) {
      within('values', ++this.items);
      within('stack', this.tasks.length);
      await this.step(task);
    }
    this.endNative();
  }

  private async step(task: Task): Promise<void> {
    if (task.kind === 'done') return task.run();
    if (task.kind === 'item') return this.item(task);
    if (task.kind === 'shared') return this.shared(await this.input.integer(), task);
    if (task.kind === 'count') return this.openConstants(task.place);
    if (task.left === 0) return;
    task.left--;
    this.tasks.push(task);
    if (task.kind === 'items') this.push({ place: task.place });
    else if (task.kind === 'texts') await this.text(task.place);
    else await this.constant(task.place);
  }

  private push(wanted: Wanted): void {
    this.tasks.push({ ...wanted, kind: 'item' });
  }

  private async item(wanted: Wanted): Promise<void> {
    const { offset } = this.input;
    const flags = await this.input.integer();
    const type = flags & 0xff;
    const place = wanted.role === 'value' ? this.named(wanted.place) : wanted.place;
    if (this.native && !BEFORE_ARGUMENT.has(type)) this.endNative();
    if (wanted.asks) this.answer(wanted, type, place, offset);
    if (wanted.top && type !== T.LIST && type !== T.NULL)
      throw new MalformedR(offset, 'a workspace that is no list of variables');
    if (wanted.owner && type === T.BASE_NAMESPACE) wanted.owner.environment = { isPackage: true };
    if (CONSTANTS.has(type)) return this.aside(wanted, offset);
    if (type === T.SYMBOL) return this.newSymbol(wanted, place, offset);
    if (type === T.REFERENCE) return this.reference(flags >>> 8, wanted, place, offset);
    this.aside(wanted, offset, type === T.CALL);
    if (isPair(type)) return this.pair(type, flags, wanted, place, offset);
    if (flags & HAS_ATTRIBUTES && !NO_ATTRIBUTES.has(type)) this.push({ place });
    return this.other(type, wanted, place, offset);
  }

  /** What is called is neither a symbol nor a call that names one. */
  private aside({ role, place }: Wanted, offset: number, isKnown = false): void {
    if (role === 'head' && !isKnown) this.listener.call('(computed)', place, offset);
    if (role === 'tag') this.tag = undefined;
  }

  private answer({ asks, promise }: Wanted, type: number, place: Place, offset: number): void {
    if (promise === undefined) return;
    if (asks === 'forced') promise.forced = type !== T.UNBOUND;
    else if (!promise.forced) this.listener.promise(CODE[type] ?? 'constant', place, offset);
  }

  private async newSymbol(wanted: Wanted, place: Place, offset: number): Promise<void> {
    const name = await this.input.charactersItem();
    if (name === undefined || name === '') throw new MalformedR(offset, 'a symbol without a name');
    this.remember({ name });
    this.symbol(name, wanted, place, offset);
  }

  private async reference(packed: number, wanted: Wanted, place: Place, offset: number): Promise<void> {
    const index = packed === 0 ? await this.input.integer() : packed;
    if (index < 1 || index > this.references.length) throw new MalformedR(offset, 'a reference to nothing');
    const reference = this.references[index - 1];
    const name = reference?.name;
    if (wanted.owner) wanted.owner.environment = reference;
    if (name === undefined) this.aside(wanted, offset);
    else this.symbol(name, wanted, place, offset);
  }

  private symbol(name: string, { role, symbols, variable }: Wanted, place: Place, offset: number): void {
    if (symbols) symbols.push(name);
    else if (role === 'tag') {
      this.tag = name;
      if (variable) this.listener.variable(name, offset);
    } else if (this.native) this.endNative(` ${name}`);
    else if (role === 'head' && NATIVE.has(name)) this.native = { name, place, offset };
    else if (role === 'head') this.listener.call(name, place, offset);
    else if (place.where !== 'data') this.listener.name(name, place, offset);
  }

  private endNative(argument = ''): void {
    const { native } = this;
    this.native = undefined;
    if (native) this.listener.call(`${native.name}${argument}`, native.place, native.offset);
  }

  private remember(reference: Reference = {}, { owner }: Partial<Wanted> = {}): void {
    if (owner) owner.environment = reference;
    this.references.push(reference);
    within('memo', this.references.length);
  }

  /** Lists, calls, functions and promises: attributes, tag, first, rest. */
  private pair(type: number, flags: number, wanted: Wanted, place: Place, offset: number): void {
    if (flags & ACTIVE_BINDING && type === T.LIST) this.listener.object('active-binding', place, offset);
    if (type === T.CALL && wanted.role === 'head' && !wanted.symbols) this.calledCall(flags, place, offset);
    else this.openPair(type, flags, wanted, place, offset);
  }

  private openPair(type: number, flags: number, wanted: Wanted, place: Place, offset: number): void {
    this.pushPair(type, wanted, place);
    this.tag = undefined;
    const variable = wanted.top ? { variable: true } : {};
    const owner = type === T.CLOSURE ? this.ownerOf(place, offset) : {};
    if (flags & HAS_TAG) this.push({ place: inside(place, 'data'), role: 'tag', ...variable, ...owner });
    if (flags & HAS_ATTRIBUTES) this.push({ place: inside(place, 'data') });
  }

  /** Whose function it is, is told once its environment is read. */
  private ownerOf(place: Place, offset: number): Pick<Wanted, 'owner'> {
    const owner: NonNullable<Wanted['owner']> = {};
    this.tasks.push({
      kind: 'done',
      run: () => this.listener.object(isOfPackage(owner.environment) ? 'package-function' : 'function', place, offset),
    });
    return { owner };
  }

  private pushPair(type: number, wanted: Wanted, place: Place): void {
    const symbols = wanted.symbols ? { symbols: wanted.symbols } : {};
    if (type === T.CLOSURE) {
      const code = inside(place, 'function');
      this.push({ place: code });
      this.push({ place: code });
    } else if (type === T.PROMISE) {
      const promise = { forced: false };
      this.tasks.push({
        kind: 'done',
        run: () => this.push({ place: inside(place, promise.forced ? 'forced' : 'promise'), promise, asks: 'code' }),
      });
      this.push({ place: inside(place, 'data'), promise, asks: 'forced' });
    } else if (type === T.CALL) {
      const code = place.where === 'data' ? inside(place, 'call') : place;
      this.push({ place: code, role: 'rest', ...symbols });
      this.push({ place: code, role: 'head', ...symbols });
    } else {
      this.push({ place, role: 'rest', ...symbols, ...(wanted.top ? { top: true } : {}) });
      this.push({ place, role: 'value', ...symbols });
    }
  }

  /** `a::b(x)`: the function is named by a call of its own. */
  private calledCall(flags: number, place: Place, offset: number): void {
    const symbols: string[] = [];
    this.tasks.push({ kind: 'done', run: () => this.called(symbols, place, offset) });
    this.openPair(T.CALL, flags, { place, symbols }, place, offset);
  }

  private called(symbols: readonly string[], place: Place, offset: number): void {
    const [head = '', from, name = ''] = symbols;
    const isNamed = symbols.length === 3 && (head === '::' || head === ':::') && from !== undefined;
    for (const symbol of isNamed ? [name] : ['(computed)', ...symbols]) this.listener.call(symbol, place, offset);
  }

  private async other(type: number, wanted: Wanted, place: Place, offset: number): Promise<void> {
    const itemBytes = ITEM_BYTES.get(type);
    if (itemBytes !== undefined) return this.numbers(type, itemBytes, place);
    if (type === T.TEXTS) this.tasks.push({ kind: 'texts', left: await this.input.length(), place });
    else if (type === T.VECTOR) this.tasks.push({ kind: 'items', left: await this.input.length(), place });
    else if (type === T.EXPRESSIONS) {
      const code = place.where === 'data' ? inside(place, 'call') : place;
      this.tasks.push({ kind: 'items', left: await this.input.length(), place: code });
    } else if (type === T.CHARACTERS) await this.input.charactersAfterFlags();
    else if (type === T.ENVIRONMENT) await this.environment(wanted, place);
    else if (type === T.ALTREP) this.altrep(place, offset);
    else if (type === T.BYTECODE) {
      await this.input.integer();
      this.bytecode(place, offset);
    } else await this.rare(type, wanted, place, offset);
  }

  private async rare(type: number, wanted: Wanted, place: Place, offset: number): Promise<void> {
    if (type === T.SPECIAL || type === T.BUILTIN)
      this.listener.primitive(await this.input.characters(await this.input.shortLength()), place, offset);
    else if (type === T.EXTERNAL_POINTER) {
      this.listener.object(isSelfReference(place) ? 'self-reference' : 'external-pointer', place, offset);
      this.remember();
      this.push({ place: inside(place, 'data') });
      this.push({ place: inside(place, 'data') });
    } else if (type === T.WEAK_REFERENCE) {
      this.listener.object('weak-reference', place, offset);
      this.remember();
    } else if (type === T.PACKAGE || type === T.NAMESPACE || type === T.PERSISTENT)
      await this.namedByTexts(type, wanted, place, offset);
    else if (type !== T.S4) throw new MalformedR(offset, `an object of the unknown type ${type}`);
  }

  private async numbers(type: number, itemBytes: number, place: Place): Promise<void> {
    const length = await this.input.length();
    const { offset } = this.input;
    const start = type === T.RAW ? await this.input.rawStart(Math.min(length, RAW_START)) : new Uint8Array(0);
    await this.input.skipItems(length - start.length, itemBytes);
    if (start.length > 0) this.listener.raw(start, place, offset, length);
  }

  /** A package, a namespace or what only its program knows: texts that name it (InStringVec). */
  private async namedByTexts(type: number, wanted: Wanted, place: Place, offset: number): Promise<void> {
    if ((await this.input.integer()) !== 0) throw new MalformedR(offset, 'names in persistent texts');
    const length = await this.input.shortLength();
    let first = '';
    for (let i = 0; i < length; i++) {
      within('values', ++this.items);
      const text = await this.input.charactersItem();
      if (i === 0) first = text ?? '';
    }
    this.remember({ isPackage: type === T.NAMESPACE }, wanted);
    if (type === T.PERSISTENT) this.listener.object('persistent', place, offset);
    else if (type === T.NAMESPACE) this.listener.namespace(first, place, offset);
  }

  private async environment(wanted: Wanted, place: Place): Promise<void> {
    await this.input.integer();
    const around = {};
    this.remember({ around }, wanted);
    const data = inside(below(place, 'environment'), 'data');
    for (let i = 0; i < 3; i++) this.push({ place: data });
    this.push({ place: data, owner: around });
  }

  /** A vector in a form of its own: class, state, attributes. */
  private altrep(place: Place, offset: number): void {
    const symbols: string[] = [];
    this.push({ place });
    this.push({ place });
    const [name, from] = [() => symbols[0] ?? '', () => symbols[1] ?? ''];
    this.tasks.push({ kind: 'done', run: () => this.listener.altrep(`${from()}::${name()}`, place, offset) });
    this.push({ place, symbols });
  }

  private bytecode(place: Place, offset: number): void {
    const code = place.where === 'data' || place.where === 'call' ? inside(place, 'function') : place;
    if (code !== place) this.listener.object('bytecode', place, offset);
    this.tasks.push({ kind: 'count', place: code });
    this.push({ place: inside(code, 'data') });
  }

  private async openConstants(place: Place): Promise<void> {
    this.tasks.push({ kind: 'constants', left: await this.input.shortLength(), place });
  }

  private async constant(place: Place): Promise<void> {
    const { offset } = this.input;
    const type = await this.input.integer();
    if (type === T.BYTECODE) this.bytecode(place, offset);
    else await this.shared(type, { place });
  }

  /** Calls and lists in constants of bytecode, where the same one may stand twice (ReadBCLang). */
  private async shared(mark: number, wanted: Wanted): Promise<void> {
    const { offset } = this.input;
    if (this.native && mark !== 0 && mark !== T.LIST && mark !== T.SYMBOL) this.endNative();
    if (mark === T.SHARED) {
      await this.input.integer();
      return this.aside(wanted, offset);
    }
    if (mark === T.SHARED_FIRST) await this.input.integer();
    const type = mark === T.SHARED_FIRST ? await this.input.integer() : mark;
    const isCall = type === T.CALL || type === T.CALL_WITH_ATTRIBUTES;
    if (!isCall && type !== T.LIST && type !== T.LIST_WITH_ATTRIBUTES) {
      if (mark === T.SHARED_FIRST) throw new MalformedR(offset, 'something shared that is neither call nor list');
      return this.push(wanted);
    }
    this.sharedPair(isCall, type, wanted, offset);
  }

  private sharedPair(isCall: boolean, type: number, wanted: Wanted, offset: number): void {
    const { place } = wanted;
    const symbols = isCall && wanted.role === 'head' && !wanted.symbols ? [] : wanted.symbols;
    if (symbols && !wanted.symbols) this.tasks.push({ kind: 'done', run: () => this.called(symbols, place, offset) });
    const kept = symbols ? { symbols } : {};
    this.tasks.push({ kind: 'shared', place, role: 'rest', ...kept });
    this.tasks.push({ kind: 'shared', place, ...(isCall ? { role: 'head' } : {}), ...kept });
    this.push({ place: inside(place, 'data'), role: 'tag' });
    if (type === T.CALL_WITH_ATTRIBUTES || type === T.LIST_WITH_ATTRIBUTES) this.push({ place: inside(place, 'data') });
  }

  private async text(place: Place): Promise<void> {
    const { offset } = this.input;
    const text = await this.input.charactersItem();
    if (place.where !== 'data' && text !== undefined) this.listener.name(text, place, offset);
  }

  private named(place: Place): Place {
    const name = this.tag;
    this.tag = undefined;
    return name === undefined ? place : below(place, name);
  }
}

function isOfPackage(environment: Reference | undefined): boolean {
  let at = environment;
  for (let i = 0; i < MOST_AROUND && at !== undefined; i++) {
    if (at.isPackage) return true;
    at = at.around?.environment;
  }
  return false;
}

/** Functions inside functions of a package are still those of the package; deeper ones need a person. */
const MOST_AROUND = 16;
