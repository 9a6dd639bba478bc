/** Says of a code point whether it may stand at a place. */
export type CharacterTest = (codePoint: number) => boolean;

export const SLASH = 47;
export const anything: CharacterTest = () => true;
export const noSlash: CharacterTest = (codePoint) => codePoint !== SLASH;

/** A place in a pattern. */
interface Node {
  /** What leads on to `next`; absent where nothing is read here. */
  test?: CharacterTest;
  next: number;
  /** Places that are reached without reading anything. */
  also: number[];
}

/** So many steps are remembered; paths of one folder are much alike, so a pattern takes few. */
const MAX_REMEMBERED = 20_000;

const ASCII = 128;

/** A set of places that a text may have led to. */
class State {
  readonly nodes: readonly number[];
  readonly accepts: boolean;
  /** What follows on each character of ASCII, of which most paths are. */
  readonly onAscii = new Array<State | undefined>(ASCII).fill(undefined);
  readonly onOther = new Map<number, State>();

  constructor(nodes: readonly number[], accepts: boolean) {
    this.nodes = nodes;
    this.accepts = accepts;
  }
}

/**
 * A pattern for whole paths, made by `PathPatternBuilder`.
 *
 * It follows all places that the text so far may have led to at once, so the time grows with the length of the path times
 * that of the pattern at worst, where a regular expression may take for ever: patterns come from whoever asks, and from
 * the searched folder. Sets of places that were seen are kept, with what follows on which character, and mostly a
 * character takes one look-up (Thompson, Programming Techniques: Regular expression search algorithm, CACM 1968).
 */
export class PathPattern {
  readonly #nodes: readonly Node[];
  #states = new Map<string, State>();
  #remembered = 0;
  #start: State;

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
    this.#start = this.#stateOf([0]);
  }

  test(path: string): boolean {
    let state = this.#start;
    for (let at = 0; at < path.length; ) {
      const unit = path.charCodeAt(at);
      if (unit < ASCII) {
        at++;
        state = state.onAscii[unit] ?? this.#follow(state, unit);
      } else {
        const codePoint = path.codePointAt(at)!;
        at += codePoint > 0xffff ? 2 : 1;
        state = state.onOther.get(codePoint) ?? this.#follow(state, codePoint);
      }
      if (state.nodes.length === 0) return at === path.length && state.accepts; // nothing may follow
    }
    return state.accepts;
  }

  #follow(state: State, codePoint: number): State {
    if (this.#remembered >= MAX_REMEMBERED) {
      this.#states = new Map();
      this.#remembered = 0;
      this.#start = this.#stateOf([0]);
    }
    const reached = state.nodes.filter((node) => this.#nodes[node]!.test?.(codePoint));
    const following = this.#stateOf(reached.map((node) => this.#nodes[node]!.next));
    if (codePoint < ASCII) state.onAscii[codePoint] = following;
    else state.onOther.set(codePoint, following);
    this.#remembered++;
    return following;
  }

  /** These places, and all that are reached from them without reading. */
  #stateOf(places: readonly number[]): State {
    const nodes = new Set<number>();
    const pending = [...places];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (nodes.has(node)) continue;
      nodes.add(node);
      pending.push(...(this.#nodes[node]?.also ?? []));
    }
    const sorted = [...nodes].sort((a, b) => a - b);
    const name = sorted.join();
    let state = this.#states.get(name);
    if (state === undefined) {
      const end = this.#nodes.length;
      state = new State(
        sorted.filter((node) => node < end),
        nodes.has(end),
      );
      this.#states.set(name, state);
    }
    return state;
  }
}

/** Puts a pattern together from its start to its end. */
export class PathPatternBuilder {
  readonly #nodes: Node[] = [];
  /** Of each choice that is open: where it begins, and where its alternatives end so far. */
  readonly #choices: { start: number; ends: number[] }[] = [];

  /** One character. */
  one(test: CharacterTest): void {
    this.#nodes.push({ test, next: this.#nodes.length + 1, also: [] });
  }

  /** These characters as they are. */
  text(text: string, ignoreCase: boolean = false): void {
    for (const character of text) {
      const forms = ignoreCase ? [character.toLowerCase(), character.toUpperCase()] : [character];
      const codePoints = forms.map((form) => form.codePointAt(0)!);
      this.one((codePoint) => codePoints.includes(codePoint));
    }
  }

  /** Any number of characters, or none. */
  many(test: CharacterTest): void {
    const here = this.#nodes.length;
    this.#nodes.push({ test, next: here, also: [here + 1] });
  }

  /** Any folders with their slashes, or none. */
  folders(): void {
    const here = this.#nodes.length;
    this.#nodes.push({ next: here, also: [here + 1, here + 3] });
    this.many(anything);
    this.one((codePoint) => codePoint === SLASH);
  }

  /** Begins a choice with its first alternative. */
  open(): void {
    this.#choices.push({ start: this.#nodes.length, ends: [] });
    this.#nodes.push({ next: 0, also: [this.#nodes.length + 1] });
  }

  /** Begins the next alternative of the choice that was opened last. */
  or(): void {
    const { start, ends } = this.#choices.at(-1)!;
    ends.push(this.#nodes.length);
    this.#nodes.push({ next: 0, also: [] });
    this.#nodes[start]!.also.push(this.#nodes.length);
  }

  /** Ends the choice that was opened last. */
  close(): void {
    for (const end of this.#choices.pop()!.ends) this.#nodes[end]!.also.push(this.#nodes.length);
  }

  /** How many choices are open. */
  get depth(): number {
    return this.#choices.length;
  }

  build(): PathPattern {
    return new PathPattern(this.#nodes);
  }
}
