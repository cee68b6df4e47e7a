import { z } from 'zod';

/** A registry and how to log in to it. Credentials are files, read again for every token, so that a rotated Secret counts. */
export const registryEndpoint = z.object({
  url: z.url({ protocol: /^https?$/ }),
  /** A file holding `user:password`. */
  basicAuthFile: z.string().optional(),
  /** A file of type kubernetes.io/dockerconfigjson; the entry of the url's host is used. */
  dockerConfigFile: z.string().optional(),
  /** PEM file of authorities, instead of the public ones. */
  caFile: z.string().optional(),
  /** HTTPS_PROXY, HTTP_PROXY and NO_PROXY for this registry; those of the process when absent. */
  proxyEnv: z.record(z.string(), z.string()).optional(),
});
export type RegistryEndpoint = z.infer<typeof registryEndpoint>;

/** Configuration of the sidecar, as JSON in VIBED_REGISTRY or in the file that VIBED_REGISTRY_FILE names. */
export const registryProxyConfig = z.object({
  port: z.int().min(0).max(65535).default(5000),
  upstream: registryEndpoint,
  own: z.array(z.string()),
  cache: z.array(z.string()).default([]),
  bases: z.record(z.string(), registryEndpoint).default({}),
  /** First part of the repositories of all artifacts; as bases they are refused, whatever host serves them. */
  private: z.string(),
  /** The most that the build may send, in bytes. */
  pushBytesMax: z.int().positive(),
});
export type RegistryProxyConfig = z.infer<typeof registryProxyConfig>;
/** The configuration before defaults are filled in: what the operator writes. */
export type RegistryProxyConfigInput = z.input<typeof registryProxyConfig>;
