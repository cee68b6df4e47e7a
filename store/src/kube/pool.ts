// Equal parts of many objects, held once. What vibeD writes into the objects of each app is mostly the same, and parsed from JSON every
// object would have a copy of its own. The pool remembers small parts that it met of late, in two generations: what is met again moves to
// the young one, and a full young one takes the old one's place. So it can't grow; what it has forgotten is merely held twice.

/** Characters as JSON; what is larger is seldom equal as a whole, but its members may be. */
const smallEnough = 320;
/** A look at it that costs less than its JSON. */
const smallDepth = 3;
/** Strings that are not longer are already one: V8's JSON.parse sees to it. */
const shortEnough = 9;

export class Pool {
  readonly #limit: number;
  #young = new Map<string, unknown>();
  #old = new Map<string, unknown>();

  /** Parts per generation. */
  constructor(limit = 512) {
    this.#limit = limit;
  }

  /** The same as JSON; others may hold parts of it, so it must not be changed. */
  share<T>(value: T): T {
    if (typeof value === 'string' ? value.length <= shortEnough : typeof value !== 'object' || value === null)
      return value;
    if (isDeep(value, smallDepth)) return this.#withSharedMembers(value);
    const key = JSON.stringify(value);
    if (key.length > smallEnough) return this.#withSharedMembers(value);
    const known = this.#young.get(key);
    if (known !== undefined) return known as T;
    const found = (this.#old.get(key) as T | undefined) ?? this.#withSharedMembers(value);
    this.#remember(key, found);
    return found;
  }

  #withSharedMembers<T>(value: T): T {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(item => this.share(item)) as T;
    const copy = { ...value };
    for (const name in copy) copy[name] = this.share(copy[name]);
    return copy;
  }

  #remember(key: string, value: unknown): void {
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

/** More than so many levels of members. */
function isDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some(item => isDeep(item, levels - 1));
  for (const name in value) if (isDeep(value[name as keyof typeof value], levels - 1)) return true;
  return false;
}
