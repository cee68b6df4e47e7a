// What the operator reports. Facts that outlive a child (the digest of a build key, the probe of a version) live here;
// progress flags and retry counters do not.
import { z } from 'zod';

const text = (max: number) => z.string().max(max);

/** A script or style of the page that a browser cannot use. */
const fault = z.object({
  path: text(1024),
  kind: z.enum(['script', 'style']),
  status: z.int32().describe('HTTP status; 0 when there was no answer in time.'),
  type: text(100).optional().describe('Media type of an answer that a browser does not run as this kind.'),
  foundAt: text(1024).optional().describe('The same path without its first folder, where the app does answer well.'),
});

/** The end of the redirects that begin at the path. */
const redirect = z.object({
  to: text(1024).describe('A path of the app, or the address of another host.'),
  kind: z.enum(['own', 'local', 'elsewhere', 'endless']),
  status: z.int32().optional().describe('HTTP status of the path of the app; 0 when there was no answer.'),
});

/** One answer of the app through its own route. */
const probe = z.object({
  status: z.int32().describe('HTTP status; 0 when there was no answer.'),
  latencyMs: z.int32().optional(),
  title: text(200).optional().describe('The <title> of an HTML answer.'),
  faults: z.array(fault).max(10).optional().describe('Scripts and styles of the page that a browser cannot use.'),
  blank: z.literal(true).optional().describe('The page shows nothing: no text, picture, form or script.'),
  redirect: redirect.optional().describe('Where the path redirects to.'),
  refusedHost: z
    .enum(['django', 'vite', 'other'])
    .optional()
    .describe('The app refuses the host it is asked for; the framework whose words it uses.'),
  error: text(512).optional(),
  fingerprint: text(32)
    .optional()
    .describe('Of the body, where two answers in a row were the same: how a version is told from the one before it.'),
  at: text(40),
});

const condition = z.object({
  type: text(64),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: text(64),
  message: text(2048),
  observedGeneration: z.number().int().optional(),
  lastTransitionTime: text(40),
});

export const phases = ['pending', 'building', 'deploying', 'running', 'failed', 'suspended', 'deleting'] as const;

export const statusSchema = z.object({
  observedGeneration: z.number().int().optional(),
  phase: z.enum(phases).optional().describe('A summary for people, computed from the conditions; never read back.'),
  target: text(20).optional().describe('The target in use.'),
  url: text(512).optional().describe('Set while a verified version serves.'),
  build: z
    .object({
      key: text(64).describe('Source, spec.build and the retry annotation, hashed: the same key is never built twice.'),
      image: text(1024).optional().describe('Pull reference, by digest.'),
      digest: text(80).optional(),
      sourceDigest: text(80).optional(),
      commit: text(64).optional().describe('The commit a git ref was resolved to.'),
      port: z.int32().optional(),
      fixedPort: z.int32().optional().describe('Set when the image listens here whatever PORT says.'),
      uid: z.number().int().optional().describe('The numeric user the image runs as.'),
      readOnlyRoot: z.boolean().optional(),
      builder: z.enum(['layers', 'buildah']).optional().describe('What made the image.'),
      language: text(40).optional(),
      summary: text(300).optional().describe('What was found and what is done with it, in one line.'),
      why: z.array(text(300)).max(20).optional(),
      warnings: z.array(text(500)).max(20).optional(),
    })
    .optional()
    .describe('Facts about the image of this build key.'),
  desired: z
    .object({ version: z.int32(), hash: text(20), probe: probe.optional() })
    .optional()
    .describe('The version this spec asks for.'),
  serving: z
    .object({
      version: z.int32(),
      hash: text(20),
      target: text(40)
        .optional()
        .describe('Where it runs; another one than `target` while that is being changed, or could not be.'),
      image: text(1024),
      since: text(40),
      probe: probe.optional(),
    })
    .optional()
    .describe('The verified version that answers at the URL.'),
  failure: z
    .object({
      version: z.int32(),
      hash: text(20).describe('The version hash (or build key) this failure belongs to.'),
      step: z.enum(['accept', 'build', 'deploy', 'verify']),
      reason: text(64),
      message: text(2048),
      remedy: text(2048),
      excerpt: text(4096).optional().describe('The last lines of the log, captured once; as confidential as pods/log.'),
    })
    .optional(),
  conditions: z
    .array(condition)
    .max(10)
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
    .optional(),
});

export type ArtifactStatus = z.output<typeof statusSchema>;
export type Condition = z.output<typeof condition>;
export type Probe = z.output<typeof probe>;
export type PageFault = z.output<typeof fault>;
export type PageRedirect = z.output<typeof redirect>;
export type Phase = (typeof phases)[number];
export type BuildFacts = NonNullable<ArtifactStatus['build']>;
export type Failure = NonNullable<ArtifactStatus['failure']>;
