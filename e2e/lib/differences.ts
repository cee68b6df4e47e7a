// "This object, at least": a partial value that an observed one has to contain, and what is missing when it does not.

/** A nested part of T; a RegExp stands for a text that matches, a function for a judgement. */
export type Partially<T> =
  | RegExp
  | ((value: NonNullable<T>) => boolean)
  | (T extends readonly unknown[]
      ? T
      : T extends object
        ? { readonly [K in keyof T]?: Partially<T[K]> | undefined }
        : T);

/** One line per place where `actual` does not contain `wanted`; empty when it does. `undefined` in wanted means absent. */
export function differences(wanted: unknown, actual: unknown, at = ''): string[] {
  if (wanted instanceof RegExp) return wanted.test(String(actual)) ? [] : [line(at, String(wanted), actual)];
  if (typeof wanted === 'function')
    return actual !== undefined && wanted(actual) === true ? [] : [line(at, String(wanted), actual)];
  if (Array.isArray(wanted)) return arrayDifferences(wanted, actual, at);
  if (wanted === null || typeof wanted !== 'object') return wanted === actual ? [] : [line(at, wanted, actual)];
  if (actual === null || typeof actual !== 'object') return [line(at, wanted, actual)];
  const found = actual as Record<string, unknown>;
  return Object.entries(wanted).flatMap(([name, part]) =>
    differences(part, found[name], at === '' ? name : `${at}.${name}`),
  );
}

function arrayDifferences(wanted: readonly unknown[], actual: unknown, at: string): string[] {
  if (!Array.isArray(actual) || actual.length !== wanted.length) return [line(at, wanted, actual)];
  return wanted.flatMap((part, i) => differences(part, actual[i], `${at}[${i}]`));
}

function line(at: string, wanted: unknown, actual: unknown): string {
  return `${at === '' ? 'value' : at}: want ${shown(wanted)}, saw ${shown(actual)}`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' && !value.startsWith('/') ? JSON.stringify(value) : undefined;
  const full = text ?? (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return full.length > 600 ? `${full.slice(0, 600)}…` : full;
}
