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

/** A Kubernetes quantity as a number: cores or bytes. Undefined for what is none. */
export function quantityOf(value: unknown): number | undefined {
  const match = typeof value === 'string' ? value.match(/^([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/) : null;
  const unit = units[match?.[2] ?? ''];
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** A quantity of the settings in bytes. */
export function bytesOf(text: string): number {
  const bytes = quantityOf(text);
  if (bytes === undefined) throw new Error(`${text} is not a quantity such as 4Gi`);
  return Math.ceil(bytes);
}
