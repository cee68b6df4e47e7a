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
  const [x, y] = [quantity(a), quantity(b)];
  return x !== undefined && x === y;
}

const units: Record<string, number> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

function quantity(value: unknown): number | undefined {
  const match = typeof value === 'string' ? value.match(/^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/) : null;
  const unit = units[match?.[2] ?? ''];
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}
