// "Did you mean …?": the known name that differs least from what was given. Names come from tenants, thousands of them and each
// up to 1 KB, so most are ruled out by what is cheap to see, and only a few are compared letter by letter.

const longestName = 60;
const longestCandidate = 120;
const comparedNames = 5_000;
const comparedLetters = 100;

interface Candidate {
  readonly name: string;
  readonly normal: string;
  /** No fewer edits than these lead from one to the other. */
  readonly atLeast: number;
}

/** The known name with the fewest edits, when they are few. */
export function closest(name: string, known: readonly string[]): string | undefined {
  if (name.length > longestName) return undefined;
  const given = normalOf(name);
  const candidates = known
    .slice(0, comparedNames)
    .filter(candidate => candidate.length <= longestCandidate)
    .map((candidate): Candidate => {
      const normal = normalOf(candidate);
      return { name: candidate, normal, atLeast: unmatchedLetters(given, normal) };
    })
    .filter(candidate => candidate.atLeast <= mayDiffer(candidate.name))
    .sort((a, b) => a.atLeast - b.atLeast)
    .slice(0, comparedLetters);
  let best: { name: string; distance: number } | undefined;
  for (const { name: candidate, normal, atLeast } of candidates) {
    if (best !== undefined && atLeast >= best.distance) break;
    const distance = edits(given, normal);
    if (distance <= mayDiffer(candidate) && distance < (best?.distance ?? Number.POSITIVE_INFINITY))
      best = { name: candidate, distance };
  }
  return best?.name;
}

const normalOf = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
const mayDiffer = (candidate: string) => Math.max(1, Math.floor(candidate.length / 3));

/** How many letters of the longer one have no partner in the other, wherever they are. */
function unmatchedLetters(a: string, b: string): number {
  const counts = new Int16Array(128);
  for (let i = 0; i < a.length; i += 1) counts[a.charCodeAt(i)] = (counts[a.charCodeAt(i)] ?? 0) + 1;
  let common = 0;
  for (let i = 0; i < b.length; i += 1) {
    const left = counts[b.charCodeAt(i)] ?? 0;
    if (left > 0) {
      counts[b.charCodeAt(i)] = left - 1;
      common += 1;
    }
  }
  return Math.max(a.length, b.length) - common;
}

/** Levenshtein's distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(
        Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
