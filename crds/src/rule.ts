// One rule, said twice: as CEL for the kube-apiserver and as a predicate for zod, side by side so that they are changed
// together. crds/testdata holds what each must refuse, and both judges are run over it.
import type { z } from 'zod';

export interface Rule<T> {
  /** CEL over `self`; every string, list and map it walks must be bounded or the apiserver's cost budget refuses the CRD. */
  cel: string;
  /** The same judgement in TypeScript: true means acceptable. */
  holds: (value: T) => boolean;
  /** Names what is wrong and what to do. */
  message: string;
}

/** Attaches the rules to a schema for both judges. Attach last: a later `.meta` with the same key would replace them. */
export function withRules<S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[]): S {
  const refined = rules.reduce<S>(
    (s, r) => s.refine(v => r.holds(v as z.output<S>), { error: r.message }) as S,
    schema,
  );
  return refined.meta({
    ...schema.meta(),
    'x-kubernetes-validations': rules.map(r => ({ rule: r.cel, message: r.message })),
  }) as S;
}

/** Exactly one of the named optional members is present. */
export function exactlyOne<T extends object>(members: readonly (keyof T & string)[], what: string): Rule<T> {
  const list = members.map(m => `has(self.${m})`).join(', ');
  return {
    cel: `[${list}].filter(present, present).size() == 1`,
    holds: value => members.filter(m => value[m] !== undefined).length === 1,
    message: `${what}: set exactly one of ${members.join(', ')}`,
  };
}

/**
 * The whole text matches the pattern. Not zod's own `.regex`: from a schema pattern the apiserver answers with the bare
 * expression, from a rule with the message. Bound the length; the pattern must mean the same in RE2 and hold no `"`.
 */
export function matching(pattern: RegExp, message: string): Rule<string> {
  return { cel: `self.matches(r"${pattern.source}")`, holds: text => pattern.test(text), message };
}
