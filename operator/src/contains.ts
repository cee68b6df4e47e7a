import { quantityOf } from './quantity.ts';

/**
 * Does the live object still hold everything that is desired? Members that only the live one has (defaults, other managers'
 * fields) do not count. Lists must have the same length and contain each other's items in order; quantities that the
 * apiserver rewrites are caught by the desired-hash annotation's being equal and this being called on what we sent.
 */
export function contains(live: unknown, desired: unknown): boolean {
  if (desired === undefined) return true;
  if (Array.isArray(desired))
    return Array.isArray(live) && live.length === desired.length && desired.every((item, i) => contains(live[i], item));
  if (desired !== null && typeof desired === 'object')
    return (
      live !== null &&
      typeof live === 'object' &&
      Object.entries(desired).every(([key, value]) => contains((live as Record<string, unknown>)[key], value))
    );
  return live === desired || sameQuantity(live, desired);
}

/** `1024Mi` comes back as `1Gi`, `0.5` as `500m`. */
function sameQuantity(a: unknown, b: unknown): boolean {
  const [x, y] = [quantityOf(a), quantityOf(b)];
  return x !== undefined && x === y;
}
