/** Which folders the patterns of a workspace name: `apps/*`, `packages/**`, exact names and `!negations`. */

/** The folders of `candidates` that a pattern names and no negation takes away. */
export function matchingFolders(patterns: readonly string[], candidates: readonly string[]): string[] {
  const wanted = patterns.filter(pattern => !pattern.startsWith('!')).map(partsOf);
  const unwanted = patterns.filter(pattern => pattern.startsWith('!')).map(pattern => partsOf(pattern.slice(1)));
  return candidates.filter(folder => {
    const parts = folder.split('/');
    const isIn = (lists: readonly (readonly string[])[]) => lists.some(list => matches(list, parts));
    return isIn(wanted) && !isIn(unwanted);
  });
}

/** Trailing slashes and a leading `./` mean nothing; nobody writes more than ten levels. */
function partsOf(pattern: string): string[] {
  const parts = pattern.split('/').filter(part => part !== '' && part !== '.');
  return parts.slice(0, 10);
}

/** Row by row, so that several `**` cost no more than one. */
function matches(pattern: readonly string[], folder: readonly string[]): boolean {
  let ends = new Set([0]);
  for (const part of pattern) {
    const next = new Set<number>();
    for (const at of ends) {
      if (part === '**') for (let end = at; end <= folder.length; end++) next.add(end);
      else if (at < folder.length && matchesName(part, folder[at] ?? '')) next.add(at + 1);
    }
    ends = next;
  }
  return ends.has(folder.length);
}

/** One name against one part of a pattern, in which `*` stands for any letters. */
function matchesName(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const middle of rest) {
    const found = name.indexOf(middle, at);
    if (found < 0 || found + middle.length > end) return false;
    at = found + middle.length;
  }
  return true;
}
