/** A name as it may stand in a message: one line, bounded. */
export function shown(path: string): string {
  const quoted = JSON.stringify(path);
  const plain = quoted.slice(1, -1) === path ? path : quoted;
  return plain.length <= 80 ? plain : `${plain.slice(0, 77)}…`;
}

/** The first five of `names`, and how many more there are. */
export function listedFirst(names: readonly string[]): string {
  return listed(names.length > 5 ? [...names.slice(0, 5), `${names.length - 5} more`] : names);
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
