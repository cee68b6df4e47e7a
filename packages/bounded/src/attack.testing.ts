// Finds texts over which a regular expression takes longer than its length allows. The texts are made of the expression's own parts:
// whatever leads into a repetition, and then that repetition's surroundings again and again. No list of known attacks is needed.
import { type AST, RegExpParser } from '@eslint-community/regexpp';

type Element = AST.Element;

/** Characters by which sets differ, besides those that the expression names. */
const probes = [...' \t\n\raA0._-/"\'<>=:,;()[]{}#\\@!\0é'];
const endings = ['\n\0', '\0'];
/** Texts grow in these steps, the first of them small, so that a hopeless expression is found before it takes for ever. */
const sizes = [...Array.from({ length: 15 }, (_, i) => Math.round(20 * 1.25 ** i)), 512, 16_384, 65_536];
/** Milliseconds for up to 512 characters that no linear expression takes, and at 16,384 that only a suspicious one does. */
const hopeless = 2;
const suspicious = 0.15;

export interface Attack {
  readonly prefix: string;
  /** What is repeated. */
  readonly pump: string;
  readonly ending: string;
  readonly size: number;
  readonly milliseconds: number;
}

/** The first attack of at most `size` characters that takes more than `milliseconds`; undefined when there is none. */
export function attackOn(pattern: RegExp, size: number, milliseconds: number): Attack | undefined {
  for (const [prefix, pump] of attacksOf(pattern))
    for (const ending of endings) {
      const found = escalated(pattern, { prefix, pump, ending }, size, milliseconds);
      if (found !== undefined) return found;
    }
  return undefined;
}

function escalated(
  pattern: RegExp,
  text: Pick<Attack, 'prefix' | 'pump' | 'ending'>,
  limit: number,
  most: number,
): Attack | undefined {
  for (const size of [...sizes.filter(step => step < limit), limit]) {
    const enough = size === 16_384 ? suspicious : size <= 512 ? hopeless : most;
    const took = quickestOf(pattern, textOf(text, size), enough);
    if (took > most || (size <= 512 && took > hopeless)) return { ...text, size, milliseconds: took };
    if (size >= 16_384 && took < suspicious) return undefined;
  }
  return undefined;
}

function textOf({ prefix, pump, ending }: Pick<Attack, 'prefix' | 'pump' | 'ending'>, size: number): string {
  const room = Math.max(0, size - prefix.length - ending.length);
  // Concatenated strings are trees; matching must not pay for making them flat.
  return Buffer.from(prefix + pump.repeat(Math.ceil(room / pump.length)).slice(0, room) + ending).toString();
}

/** Milliseconds of this thread's own time, so that a busy machine does not count: of up to five runs, until one is quick enough. */
function quickestOf(pattern: RegExp, text: string, enough: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5 && best > enough; run += 1) {
    const before = process.threadCpuUsage();
    if (pattern.global) text.replace(pattern, '');
    else pattern.test(text);
    const { user, system } = process.threadCpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

/** Each a prefix and a pump. */
function attacksOf({ source, flags }: RegExp): [string, string][] {
  const { pattern } = new RegExpParser().parseLiteral(`/${source}/${flags}`);
  const preferred = new Set([...literalsOf(pattern), ...probes]);
  const found = new Map<string, [string, string]>();
  for (const character of preferred)
    for (const choice of [0, 1, 2])
      for (const times of [1, 2, 0]) {
        const sampler = new Sampler(flags, character, choice, times);
        for (const alternative of pattern.alternatives)
          for (const [prefix, pump] of sampler.attacks(alternative.elements, ''))
            if (pump !== '' && pump.length < 200) found.set(`${prefix}\u0001${pump}`, [prefix, pump]);
      }
  return [...found.values()];
}

/** The characters that a pattern names. */
function literalsOf(node: unknown): string[] {
  const found = new Set<string>();
  const visit = (value: unknown, key = '') => {
    if (key === 'parent' || value === null || typeof value !== 'object') return;
    const { type, value: code } = value as { type?: string; value?: number };
    if (type === 'Character' && code !== undefined) found.add(String.fromCodePoint(code));
    for (const [name, child] of Object.entries(value)) visit(child, name);
  };
  visit(node);
  return [...found];
}

/** Makes texts that parts of a pattern match: one character where a set has it, one choice of alternatives, one count of repetitions. */
class Sampler {
  readonly #flags: string;
  readonly #character: string;
  readonly #choice: number;
  readonly #times: number;

  constructor(flags: string, character: string, choice: number, times: number) {
    this.#flags = flags;
    this.#character = character;
    this.#choice = choice;
    this.#times = times;
  }

  /** Every stretch of the sequence is a pump, after what leads to it and by itself; and so in every group. */
  attacks(elements: readonly Element[], before: string): [string, string][] {
    const parts = this.#parts(elements);
    const found: [string, string][] = [];
    for (let from = 0; from < parts.length; from += 1)
      for (let to = from + 1; to <= parts.length; to += 1) {
        const pump = parts.slice(from, to).join('');
        const lead = before + parts.slice(0, from).join('');
        found.push(['', pump], [lead, pump], ['', lead + pump]);
      }
    elements.forEach((element, at) => {
      const lead =
        before +
        elements
          .slice(0, at)
          .map(e => this.#sample(e))
          .join('');
      for (const inner of innerOf(element)) found.push(...this.attacks(inner.elements, lead));
    });
    return found;
  }

  /** Literal text is one part. */
  #parts(elements: readonly Element[]): string[] {
    const parts: string[] = [];
    let wasLiteral = false;
    for (const element of elements) {
      const isLiteral = element.type === 'Character';
      if (isLiteral && wasLiteral) parts.push(`${parts.pop() ?? ''}${this.#sample(element)}`);
      else parts.push(this.#sample(element));
      wasLiteral = isLiteral;
    }
    return parts;
  }

  #sample(element: Element): string {
    switch (element.type) {
      case 'Character':
        return String.fromCodePoint(element.value);
      case 'CharacterSet':
      case 'CharacterClass':
      case 'ExpressionCharacterClass':
        return this.#oneOf(element.raw);
      case 'Quantifier':
        return this.#sample(element.element).repeat(Math.min(Math.max(this.#times, element.min), element.max));
      case 'Group':
      case 'CapturingGroup': {
        const chosen = element.alternatives[this.#choice % element.alternatives.length];
        return (chosen?.elements ?? []).map(inner => this.#sample(inner)).join('');
      }
      case 'Assertion':
        return element.kind === 'start' && this.#flags.includes('m') ? '\n' : '';
      default:
        return '';
    }
  }

  #oneOf(set: string): string {
    const accepts = acceptorOf(set, this.#flags);
    return accepts(this.#character) ? this.#character : (probes.find(accepts) ?? 'x');
  }
}

const acceptors = new Map<string, (character: string) => boolean>();

function acceptorOf(set: string, flags: string): (character: string) => boolean {
  const key = `${set}/${flags}`;
  const known = acceptors.get(key);
  if (known !== undefined) return known;
  const pattern = new RegExp(`^${set}$`, flags.replace(/[gy]/g, ''));
  const accepted = new Map<string, boolean>();
  const accepts = (character: string) => {
    const answer = accepted.get(character) ?? pattern.test(character);
    accepted.set(character, answer);
    return answer;
  };
  acceptors.set(key, accepts);
  return accepts;
}

function innerOf(element: Element): readonly AST.Alternative[] {
  if (element.type === 'Quantifier') return innerOf(element.element);
  if (element.type === 'Group' || element.type === 'CapturingGroup') return element.alternatives;
  return element.type === 'Assertion' && 'alternatives' in element ? element.alternatives : [];
}
