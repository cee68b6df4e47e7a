// Takes from the registry what a deleted Artifact left there: every manifest of its repository and of its cache. Blobs are the
// registry's own affair (its garbage collection).
import type { ImagesAnswer, ImagesQuestion } from '../artifact/questions.ts';
import type { Registry } from '../registry/registry.ts';

/** Manifests asked for and deleted at once. */
const atOnce = 8;

/**
 * Throws RegistryError at the first thing that the registry does not do, once nothing is under way any more: with the answer, whatever it
 * is, the Artifact's name becomes free, and nothing may be deleted then.
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
    await forEach(await registry.tags(place), async tag => {
      const manifest = await registry.resolve(place, tag);
      if (manifest !== undefined) await remove(manifest.digest);
    });
    await forEach(place === repository ? digests : [], remove);
  }
  return { kind: 'images', deleted };
}

async function forEach(all: readonly string[], act: (one: string) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += atOnce) {
    const ended = await Promise.allSettled(all.slice(from, from + atOnce).map(act));
    const failed = ended.find(e => e.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
