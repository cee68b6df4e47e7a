// What the operator hands to an install or clone pod: the contract between its Job and the program of our own steps in it
// (build-pod/layers.ts). The containers that run the tenant's commands, or git, see none of it.
import { z } from 'zod';
import { registryEndpoint } from '../../build-pod/registry-config.ts';

const descriptor = z.object({ mediaType: z.string(), digest: z.string(), size: z.number() });
const storedLayer = z.object({ descriptor, diffId: z.string(), from: z.string().optional() });
const packedLayer = z.object({
  /** Path below the folder where the volumes of the stage are mounted. */
  path: z.string(),
  /** In the image; with a trailing slash the content of a folder goes there. */
  target: z.string(),
  uid: z.int(),
  /** Tag to keep it under in the cache repository. */
  keepAs: z.string().optional(),
});
export type PackedLayer = z.infer<typeof packedLayer>;

const setting = z.discriminatedUnion('do', [
  z.object({ do: z.literal('env'), name: z.string(), value: z.string() }),
  z.object({ do: z.literal('user'), user: z.string() }),
  z.object({ do: z.literal('expose'), port: z.int() }),
  z.object({ do: z.literal('workdir'), path: z.string() }),
  z.object({ do: z.enum(['entrypoint', 'cmd']), argv: z.array(z.string()).readonly() }),
]);

/** As JSON in VIBED_LAYERS. */
export const layersJob = z.object({
  registry: registryEndpoint,
  bases: z.record(z.string(), registryEndpoint),
  prefix: z.string(),
  repository: z.string(),
  cache: z.string(),
  tag: z.string(),
  /** Blob of the source tree in `repository`, below `app/`. */
  source: z.string(),
  /** Blob of a kept stage in `cache`. */
  restore: z.string().optional(),
  /** Tag to keep the stage under. */
  keepAs: z.string().optional(),
  /** Base of the image, by digest. */
  base: z.string(),
  layers: z.array(z.union([storedLayer, packedLayer])),
  settings: z.array(setting),
});
export type LayersJob = z.infer<typeof layersJob>;

/** Of the step that keeps a cloned tree, as JSON in VIBED_LAYERS. */
export const keepJob = z.object({ registry: registryEndpoint, cache: z.string() });
export type KeepJob = z.infer<typeof keepJob>;

/** Where our own steps find things in an install pod. */
export const layersPaths = {
  workspace: '/workspace',
  /** Below it the volumes of the stage, each at the path that it has in the install container. */
  stage: '/stage',
  scratch: '/scratch',
} as const;
