/** What the operator hands to a build pod and what the pod hands back: the contract between the Job and the three programs in it. */

import type { Recipe, RefusalReason } from '@vibed/recipe';
import { z } from 'zod';

/** Limits on a source tree, so that a hostile one costs a refusal and not a node. */
export const sourceLimits = z.object({
  /** Files in the tree, the ignored ones included. */
  files: z.int().positive().default(10_000),
  /** Bytes of all files together. */
  bytes: z
    .int()
    .positive()
    .default(200 * 1024 * 1024),
  /** Bytes of one file. */
  fileBytes: z
    .int()
    .positive()
    .default(50 * 1024 * 1024),
  /** Seconds for fetching, over all. */
  seconds: z.int().positive().default(120),
});
export type SourceLimits = z.infer<typeof sourceLimits>;

/** Where the tree comes from. */
export const sourceLocation = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('files'), archive: z.string(), digest: z.string() }),
  z.object({
    kind: z.literal('git'),
    url: z.string(),
    /** A branch, a tag, or a full commit id; HEAD of the repository when absent. */
    ref: z.string().optional(),
    /** The folder of the application inside the repository. */
    path: z.string().optional(),
    /** A mounted basic-auth (username, password) or ssh-auth (ssh-privatekey, known_hosts) Secret. */
    credentialsDir: z.string().optional(),
    /** Protocols besides https, by the installation's setting; `file` exists for tests. */
    protocols: z.array(z.enum(['http', 'ssh', 'file'])).default([]),
    /** Hosts that are not public and may be reached all the same, and addresses that are not public here. */
    hosts: z.object({ allow: z.array(z.string()).default([]), internal: z.array(z.string()).default([]) }).prefault({}),
  }),
  z.object({ kind: z.literal('snapshot'), url: z.string(), digest: z.string(), tokenFile: z.string() }),
]);
export type SourceLocation = z.infer<typeof sourceLocation>;

/** The first is used where the source asks for no version. */
const versionedBases = z.array(z.object({ version: z.string(), image: z.string() }));

/** The whole job of the source container, as JSON in VIBED_SOURCE. */
export const sourceJob = z.object({
  source: sourceLocation,
  request: z.object({
    language: z.enum(['auto', 'nodejs', 'python', 'go', 'rust', 'static', 'dockerfile']).default('auto'),
    dockerfile: z.string().optional(),
    /** The folder of the tree that is built. */
    path: z.string().optional(),
    port: z.int().min(1).max(65535).optional(),
    /** Names of the values that the build is given, and those of them that are the running app's. */
    env: z.array(z.string()).optional(),
    published: z.array(z.string()).optional(),
  }),
  /** Whether the source stays as it is on disk, for whoever decides its recipe again; else the folder that is built takes its place. */
  keepsWhole: z.boolean().default(false),
  bases: z.object({
    node: versionedBases,
    python: versionedBases,
    go: versionedBases,
    rust: z.string(),
    rustRuntime: z.string(),
    static: z.string(),
    debian: z.string(),
  }),
  limits: sourceLimits.prefault({}),
});
export type SourceJob = z.infer<typeof sourceJob>;
/** The job before defaults are filled in: what the operator writes. */
export type SourceJobInput = z.input<typeof sourceJob>;

/** Where the programs of the pod meet. */
export const podPaths = {
  workspace: '/workspace',
  context: '/workspace/context',
  recipe: '/workspace/recipe',
  dockerfile: '/workspace/recipe/Dockerfile',
  terminationLog: '/dev/termination-log',
} as const;

/** The part of a recipe that travels in the termination message; bounded texts. */
export type RecipeReport = Pick<
  Recipe,
  'language' | 'framework' | 'why' | 'port' | 'portWhy' | 'portFollowsEnv' | 'user' | 'readOnlyRoot' | 'warnings'
> & {
  /** The recipe in one line. */
  readonly summary: string;
};

/** Why a source was refused or could not be fetched. The Unreachable, TimedOut and Internal ones are worth a retry. */
export type SourceFault =
  | RefusalReason
  | 'SourceInvalid'
  | 'SourceTooLarge'
  | 'SourceDigestMismatch'
  | 'SourceNotFound'
  | 'SourceForbidden'
  | 'SourceUnreachable'
  | 'GitUrlRefused'
  | 'GitAuthFailed'
  | 'GitHostKeyUnknown'
  | 'GitRepositoryNotFound'
  | 'GitRefNotFound'
  | 'GitPathNotFound'
  | 'GitUnreachable'
  | 'SourceTimedOut'
  | 'Internal';

/** The termination message of the source container: at most 4096 bytes of JSON. */
export type SourceReport =
  | {
      readonly ok: true;
      /** treeDigest of the kept files. */
      readonly digest: string;
      readonly commit?: string;
      readonly recipe: RecipeReport;
      /** How many paths were ignored, and the first of them by name. */
      readonly ignored: number;
      readonly ignoredSample: readonly string[];
      readonly files: number;
      readonly bytes: number;
    }
  | { readonly ok: false; readonly reason: SourceFault; readonly message: string; readonly remedy: string };

/** Exit codes of the source container: 1 blames the source, 2 is worth a retry. */
export const sourceExit = { done: 0, refused: 1, retry: 2 } as const;

/** The termination message of the container that pushes. */
export type BuildReport =
  | {
      readonly ok: true;
      /** Of the manifest as pushed, `sha256:…`; of the blob where a cloned tree is kept. */
      readonly digest: string;
      /** The uid as decimal digits; 'root' when the image names none or 0; 'unknown:<name>' when its name is not in /etc/passwd. */
      readonly user: string;
      /** Exposed ports, `8080/tcp`. */
      readonly exposed: readonly string[];
    }
  | {
      readonly ok: false;
      readonly step: 'base' | 'build' | 'inspect' | 'push' | 'limit' | 'timeout';
      /** Buildah's own exit code, with step base and build: that of the failed command, so 137 means it was killed. */
      readonly code?: number;
    };

/** Exit codes of the build container: 40 the user's build failed (no retry), 41 the built image could not be read, 42 the push failed,
 * 43 a base image could not be had (not there, not allowed, or its registry is away: the log tells), 44 it took too long, 45 it sent more to the registry than it may. Any other code is the machinery's own (OOM is 137). */
export const buildExit = {
  done: 0,
  buildFailed: 40,
  inspectFailed: 41,
  pushFailed: 42,
  baseUnavailable: 43,
  timedOut: 44,
  pushedTooMuch: 45,
} as const;
