// Takes from the registry what a deleted Artifact left there: every manifest of its repository and of its cache. Blobs are the
// registry's own affair (its garbage collection).
import type { ImagesAnswer, ImagesQuestion } from '../artifact/questions.ts';
import type { Registry } from '../registry/registry.ts';

/**
 * Throws RegistryError at the first thing that the registry does not do. One request after the other: with the answer, whatever it is, the
 * Artifact's name becomes free, and nothing may be deleted any more then.
 */
export async function deleteImages(registry: Registry, question: ImagesQuestion): Promise<ImagesAnswer> {
  const { repository, cache, digests, keep } = question;
  let deleted = 0;
  for (const place of [repository, cache]) {
    const settled = new Set(keep);
    const remove = async (digest: string) => {
      if (settled.has(digest)) return;
      settled.add(digest);
      await registry.delete(place, digest);
      deleted += 1;
    };
    for (const tag of await registry.tags(place)) {
      const manifest = await registry.resolve(place, tag);
      if (manifest !== undefined) await remove(manifest.digest);
    }
    for (const digest of place === repository ? digests : []) await remove(digest);
  }
  return { kind: 'images', deleted };
}
