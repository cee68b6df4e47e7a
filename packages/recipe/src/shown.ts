/** A name as it may stand in a message: one line, bounded. */
export function shown(path: string): string {
  const quoted = JSON.stringify(path);
  const plain = quoted.slice(1, -1) === path ? path : quoted;
  return plain.length <= 80 ? plain : `${plain.slice(0, 77)}…`;
}
