// How an action finds the artifact that a caller means: by its name or its URL, in the caller's own namespace and nowhere else.
import { limits, namePattern } from '@vibed/crds';
import type { CompactArtifact } from '@vibed/store';
import { z } from 'zod';
import { Problem } from '../problems.ts';
import type { Context } from './action.ts';
import { closest } from './closest.ts';

export const nameSchema = z.string().min(1).max(300).describe('Artifact name or URL.');
export const newNameSchema = z
  .string()
  .max(limits.nameLength)
  .regex(namePattern, `at most ${limits.nameLength} lowercase letters, digits and "-", beginning with a letter`)
  .describe('Lowercase letters, digits and "-"; part of the URL.');

/** The caller's artifacts. */
export const ownArtifacts = ({ services, owner }: Context): CompactArtifact[] =>
  services.view.all().filter(artifact => services.tenancy.ownerOf(artifact) === owner);

/** The artifact as the view has it. NotFound, in the same words, for what is absent and for what is another's. */
export function findArtifact(nameOrUrl: string, context: Context): CompactArtifact {
  const own = ownArtifacts(context);
  const name = context.services.tenancy.nameFor(context.caller.user, nameOrUrl);
  const found = own.find(({ metadata, status }) => metadata.name === name || isSameHost(status?.url, nameOrUrl));
  if (found !== undefined) return found;
  const meant = closest(
    nameOrUrl,
    own.map(({ metadata }) => metadata.name),
  );
  throw new Problem('NotFound', 'there is no such artifact', {
    field: 'name',
    hint: meant === undefined ? 'list_artifacts tells which names exist' : `did you mean ${meant}?`,
    next: [{ tool: 'list_artifacts', args: {}, why: 'the names that exist' }],
  });
}

function isSameHost(url: string | undefined, asked: string): boolean {
  if (url === undefined || !URL.canParse(asked)) return false;
  return new URL(url).host === new URL(asked).host;
}
