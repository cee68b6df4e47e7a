// Small applications of unusual shapes, and what becomes of each. The rules are judged by the corpus of packages/recipe; here a real
// cluster shows that what the rules say is also what runs.
import { node } from './node.ts';
import { programs } from './programs.ts';
import type { Running } from './shape.ts';
import { sites } from './sites.ts';

export { failing } from './failing.ts';
export type { Shape } from './shape.ts';
export const running: readonly Running[] = [...sites, ...node, ...programs];
