/** JSON with comments and trailing commas, as Deno's own configuration may be written. */
import { isRecord } from './source-tree.ts';

/** A whole string, ended or not, is taken along, so that nothing in it counts as a comment or a comma. */
const comment = /"(?:[^"\\]|\\[\s\S]?)*"?|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;
const lastComma = /"(?:[^"\\]|\\[\s\S]?)*"?|,(?=\s*[}\]])/g;

/** The object in the text; undefined when it is broken or no object. */
export function parseJsonc(text: string): Readonly<Record<string, unknown>> | undefined {
  const keepStrings = (found: string) => (found.startsWith('"') ? found : '');
  const json = text
    .replace(/^\uFEFF/, '')
    .replace(comment, keepStrings)
    .replace(lastComma, keepStrings);
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
