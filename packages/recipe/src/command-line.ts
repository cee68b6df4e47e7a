/** The words of a command line. */

export interface Assigned {
  readonly variables: readonly string[];
  readonly words: readonly string[];
}

/** Splits assignments off the front; PORT is dropped, because the image sets it. */
export function withoutAssignments(words: readonly string[]): Assigned {
  const at = words.findIndex(word => !/^[A-Za-z_]\w{0,60}=/.test(word));
  const count = at < 0 ? words.length : at;
  return { variables: words.slice(0, count).filter(word => !word.startsWith('PORT=')), words: words.slice(count) };
}
