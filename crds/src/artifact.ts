// The Artifact: the one noun every hop carries. This file is the only place its shape is written; the TypeScript types,
// the CRD (crd.ts), the reference page and later the MCP and REST schemas are all made from it.
import { z } from 'zod';
import { exactlyOne, matching, withRules } from './rule.ts';
import { statusSchema } from './status.ts';

export const group = 'vibed.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

/** Limits that the schema enforces; the docs and the guides quote them from here. */
export const limits = {
  nameLength: 40,
  inlineFiles: 200,
  /** Sum of the `content` of all inline files, in characters as written (base64 counts as written). */
  inlineCharacters: 131_072,
  pathLength: 255,
  env: 100,
  buildEnv: 50,
  buildValueLength: 4096,
  historyMax: 50,
} as const;

export const namePattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
/** A text of at most `max` characters that matches; the message says what is wanted. */
const text = (max: number, pattern: RegExp, message: string) =>
  withRules(z.string().max(max), [matching(pattern, message)]);

const cpu = text(20, /^[0-9]+(\.[0-9]+)?m?$/, 'cpu: cores, for example 0.5 or 500m');
const memory = text(
  20,
  /^[0-9]+(\.[0-9]+)?(k|M|G|T|Ki|Mi|Gi|Ti)?$/,
  'memory: bytes with a unit, for example 256Mi or 1Gi',
);
const resources = () => z.object({ cpu: cpu.optional(), memory: memory.optional() });
const duration = text(
  8,
  /^[1-9][0-9]{0,4}(s|m|h)$/,
  'a duration is a whole number and s, m or h, for example 90s, 10m or 1h',
);
const scaleDownDelay = text(
  8,
  /^([1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|3600)s$|^([1-9]|[1-5][0-9]|60)m$|^1h$/,
  'scaleDownDelay: a whole number and s, m or h, at most 1h, for example 90s or 15m',
);
const port = z.int32().min(1).max(65535);
const digest = text(71, /^sha256:[0-9a-f]{64}$/, 'digest: sha256: and 64 lowercase hexadecimal digits');
const objectName = text(
  253,
  /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
  'name: the name of an object of this namespace: lowercase letters, digits, "-" and "."',
);
const identifier = (max: number, what: string) =>
  text(max, /^[A-Za-z_][A-Za-z0-9_]*$/, `${what}: letters, digits and "_", not beginning with a digit`);

const segmentsAreSafe = (path: string) => path.split('/').every(s => s !== '' && s !== '.' && s !== '..');
const relativePath = withRules(
  z.string().min(1).max(limits.pathLength).describe('A relative path with `/` between its parts.'),
  [
    matching(/^[^\\\p{Cc}]+$/u, 'a path has no backslashes or control characters: put "/" between its parts'),
    {
      cel: "self.split('/').all(part, part != '' && part != '.' && part != '..')",
      holds: segmentsAreSafe,
      message: 'must be a relative path inside the tree: no leading or doubled "/", no "." or ".." parts',
    },
  ],
);

// Linear for every input: each character can match in one place only.
const base64 = /^\s*([A-Za-z0-9+/]\s*)*(=\s*){0,2}$/;
const file = z
  .object({
    path: relativePath,
    // Without a maxLength: `files` bounds the sum, in words that say what to do instead.
    content: z.string().describe('The text, or base64 when `encoding` says so.'),
    encoding: z.enum(['base64']).optional().describe('Set to base64 for bytes that are not UTF-8 text.'),
  })
  .refine(f => f.encoding === undefined || base64.test(f.content), {
    path: ['content'],
    error: 'is not base64 although encoding says so',
  })
  // The same for the apiserver. As a rule it would cost more than CEL's budget.
  .meta({ anyOf: [{ not: { required: ['encoding'] } }, { properties: { content: { pattern: base64.source } } }] });

const files = withRules(
  z
    .array(file)
    .min(1)
    .max(limits.inlineFiles)
    .describe('The whole tree, inline: what is not listed is not there.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['path'] }),
  [
    {
      cel: `self.map(f, size(f.content)).sum() <= ${limits.inlineCharacters}`,
      holds: list => list.reduce((sum, f) => sum + f.content.length, 0) <= limits.inlineCharacters,
      message: `files hold more than ${limits.inlineCharacters} characters in all: use source.git, or upload the folder and use source.snapshot`,
    },
    {
      cel: "self.all(f, !self.exists(g, g.path.startsWith(f.path + '/')))",
      holds: list => list.every(f => !list.some(g => g.path.startsWith(`${f.path}/`))),
      message: 'two paths collide: one file stands where another path needs a folder',
    },
  ],
);
/** list-map: the apiserver refuses two entries of one key by itself, zod has to be told. */
const uniqueBy = <T>(list: readonly T[], key: (item: T) => string) => new Set(list.map(key)).size === list.length;

const git = z.object({
  url: text(
    2048,
    /^(https|http|ssh):\/\/[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?\/[A-Za-z0-9._~%+/-]+$/,
    'url: https://host/path, without user, password, query or options (put credentials into a Secret and name it in secretRef)',
  ).describe('https, without credentials. http and ssh only where the operator’s settings allow them.'),
  ref: text(255, /^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'ref: a branch, tag or commit; it cannot begin with "-"')
    .optional()
    .describe('Branch, tag or commit; the remote’s default branch when absent. Resolved once per build key.'),
  path: relativePath.optional().describe('The folder inside the repository that holds the app.'),
  secretRef: z
    .object({ name: objectName })
    .optional()
    .describe(
      'A Secret of this namespace, of type kubernetes.io/basic-auth or ssh-auth, with the label vibed.dev/git-host.',
    ),
});

const sourceMembers = ['files', 'git', 'snapshot', 'image'] as const;
const source = withRules(
  z
    .object({
      files: files
        .refine(list => uniqueBy(list, f => f.path), { error: 'files: two entries have the same path' })
        .optional(),
      git: git.optional(),
      snapshot: z
        .object({ digest })
        .optional()
        .describe('An upload of this namespace and name, by the digest of its tree.'),
      image: z
        .object({
          ref: text(
            512,
            /^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(\/[a-z0-9._-]+)+(:[A-Za-z0-9._-]+)?@sha256:[0-9a-f]{64}$/,
            'ref: pin the image by digest, host/name@sha256:…',
          ),
          pullSecretRef: z.object({ name: objectName }).optional(),
        })
        .optional()
        .describe('A prebuilt image, by digest; nothing is built.'),
    })
    .describe('Where the app comes from: exactly one of files, git, snapshot, image.'),
  [exactlyOne(sourceMembers, 'spec.source')],
);

/**
 * Names, in lower case, that a value for the build may not have: what vibeD sets itself for a build, what every program's
 * loader or interpreter obeys, and the settings of package managers and proxies, which belong to the site.
 */
const reservedForBuilds =
  /^(port|host|hostname|home|path|env|ifs|ld_.*|dyld_.*|node_options|node_extra_ca_certs|bash_env|pythonstartup|perl5opt|rubyopt|java_tool_options|npm_config_.*|yarn_.*|pip_.*|xdg_.*|(http|https|all|ftp|no)_proxy|gopath|gocache|goenv|source_date_epoch|cargo_http_cainfo|curl_ca_bundle|git_ssl_cainfo|requests_ca_bundle|ssl_cert_file|vibed_.*)$/;
const buildVar = withRules(
  z.object({
    name: identifier(128, 'build variable'),
    value: text(limits.buildValueLength, /^[\P{Cc}\n\r\t]*$/u, 'value: text without control characters'),
  }),
  [
    {
      cel: `!self.name.lowerAscii().matches(r"${reservedForBuilds.source}")`,
      holds: v => !reservedForBuilds.test(v.name.toLowerCase()),
      message:
        'PORT, HOST, HOME, PATH, LD_*, NODE_OPTIONS, npm_config_*, pip_*, proxies and the like are set by vibeD or steer every program of a build: use another name, or set it in a Dockerfile of your own',
    },
  ],
);

export const languages = ['auto', 'nodejs', 'python', 'go', 'rust', 'static', 'dockerfile'] as const;
export const builders = ['auto', 'layers', 'buildah'] as const;
const build = z
  .object({
    builder: z
      .enum(builders)
      .optional()
      .describe(
        'auto (default): layers, which lays the files onto a base image without a container build, or Buildah where there is a Dockerfile of your own. status.build.why tells which, and why.',
      ),
    language: z.enum(languages).optional().describe('auto (default) looks at the tree and says why it chose.'),
    path: relativePath
      .optional()
      .describe(
        'The folder of the source that is built, where it holds more than one app; it comes below source.git.path. Paths of spec.build are below it.',
      ),
    dockerfile: relativePath.optional().describe('Path of your own Dockerfile; default `Dockerfile`.'),
    env: z
      .array(buildVar)
      .max(limits.buildEnv)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .refine(list => uniqueBy(list, v => v.name), { error: 'env: two entries have the same name' })
      .optional()
      .describe(
        'Public values for the build, such as VITE_API_URL. Never secrets: everybody can read them in the image and in the page. The commands that build the app see them, the installation of its dependencies does not; a Dockerfile of your own declares `ARG NAME`. Values of run.env whose names a framework publishes (VITE_, NEXT_PUBLIC_, REACT_APP_, PUBLIC_, NUXT_PUBLIC_, EXPO_PUBLIC_, VUE_APP_, GATSBY_) reach the build too, those of a Secret do not.',
      ),
    args: z
      .array(z.object({ name: identifier(128, 'build argument'), value: z.string().max(4096) }))
      .max(50)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .refine(list => uniqueBy(list, a => a.name), { error: 'args: two entries have the same name' })
      .optional()
      .describe(
        'Build arguments for your own Dockerfile, passed as written. Not for secrets: they are readable in the image.',
      ),
    timeout: duration.optional().describe('Default 10m; the operator’s settings cap it.'),
    resources: resources().optional(),
  })
  .describe('How the image is made. Absent with source.image.');

const secretKey = text(253, /^[-._a-zA-Z0-9]+$/, 'key: a key of the Secret: letters, digits, "-", "_" and "."');
const envVar = withRules(
  z.object({
    name: identifier(128, 'environment variable'),
    value: z.string().max(32_768).optional(),
    secretRef: z.object({ name: objectName, key: secretKey }).optional(),
  }),
  [
    exactlyOne(['value', 'secretRef'], 'env'),
    {
      cel: "!(self.name in ['PORT', 'HOST', 'HOSTNAME', 'HOME'])",
      holds: e => !['PORT', 'HOST', 'HOSTNAME', 'HOME'].includes(e.name),
      message:
        'PORT, HOST, HOSTNAME and HOME are set by vibeD: use spec.run.port for the port, and another name for your own',
    },
  ],
);

const run = z
  .object({
    port: port
      .optional()
      .describe('Where the app listens; default: EXPOSE, then the framework’s, then 8080. PORT is set to it.'),
    command: z
      .array(z.string().min(1).max(4096))
      .max(50)
      .optional()
      .describe('Instead of the image’s command; not a shell line. Passed as written: `$(NAME)` is not expanded.'),
    env: z
      .array(envVar)
      .max(limits.env)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .refine(list => uniqueBy(list, e => e.name), { error: 'env: two entries have the same name' })
      .optional()
      .describe('Environment variables. Values are passed as written: `$(NAME)` is not expanded.'),
    resources: resources().optional(),
    scale: withRules(
      z.object({
        min: z
          .int32()
          .min(0)
          .max(50)
          .optional()
          .describe('Knative: default 0, nothing runs while nobody asks. Kubernetes: default and least 1.'),
        max: z.int32().min(1).max(50).optional(),
        concurrency: z
          .int32()
          .min(1)
          .max(1000)
          .optional()
          .describe('Requests that one instance takes at once; more start another one. Knative only.'),
        scaleDownDelay: scaleDownDelay
          .optional()
          .describe('How long instances stay after they are needed, at most 1h. Knative only.'),
      }),
      [
        {
          cel: '!has(self.min) || !has(self.max) || self.min <= self.max',
          holds: s => s.min === undefined || s.max === undefined || s.min <= s.max,
          message: 'scale: min must not be larger than max',
        },
      ],
    ).optional(),
    health: z
      .object({
        path: text(
          1024,
          /^\/[A-Za-z0-9._~%!$&'()*+,;=:@/?-]*$/,
          'health.path: a path of the app, beginning with "/" and without spaces',
        )
          .optional()
          .describe('Asked before traffic moves; must answer 2xx or 3xx. Without it any answer below 500 at / counts.'),
        startupTimeout: duration.optional().describe('How long a new version may take to listen; default 2m.'),
      })
      .optional(),
  })
  .describe('How the app runs.');

// The apiserver wants the seconds; zod alone would take 2027-01-01T00:00Z too.
const moment = z.iso.datetime({ offset: true }).refine(time => /T[0-9]{2}:[0-9]{2}:[0-9]{2}/.test(time), {
  error: 'expiresAt: a time such as 2027-01-31T18:00:00Z',
});
export const targets = ['auto', 'knative', 'kubernetes', 'wasmcloud'] as const;
export const specSchema = withRules(
  z.object({
    source,
    build: build.optional(),
    target: z
      .enum(targets)
      .optional()
      .describe(
        'auto (default) keeps the target it runs on, else takes the first that this cluster has (by default Knative, then Kubernetes). A named one that is not installed is waited for.',
      ),
    run: run.optional(),
    exposure: z
      .enum(['public', 'cluster'])
      .optional()
      .describe('public (default): a URL at the ingress; cluster: reachable inside the cluster only.'),
    suspend: z.boolean().optional().describe('Stops the app and cancels builds; versions are kept.'),
    expiresAt: moment.optional().describe('From then on as with suspend. vibeD never deletes an Artifact by itself.'),
    historyLimit: z
      .int32()
      .min(1)
      .max(limits.historyMax)
      .optional()
      .describe('How many versions are kept for rollback; default 10.'),
  }),
  [
    {
      cel: '!(has(self.source.image) && has(self.build))',
      holds: s => !(s.source.image !== undefined && s.build !== undefined),
      message: 'build: nothing is built from source.image; remove spec.build',
    },
    {
      cel: "!has(self.target) || self.target != 'kubernetes' || !has(self.run) || !has(self.run.scale) || !has(self.run.scale.concurrency)",
      holds: s => s.target !== 'kubernetes' || s.run?.scale?.concurrency === undefined,
      message: 'run.scale.concurrency: only Knative counts requests; remove it, or set spec.target to knative or auto',
    },
    {
      cel: "!has(self.target) || self.target != 'kubernetes' || !has(self.run) || !has(self.run.scale) || !has(self.run.scale.scaleDownDelay)",
      holds: s => s.target !== 'kubernetes' || s.run?.scale?.scaleDownDelay === undefined,
      message:
        'run.scale.scaleDownDelay: only Knative waits with that; remove it, or set spec.target to knative or auto',
    },
  ],
);

const metadata = z
  .object({
    name: z.string().max(253),
    namespace: z.string().optional(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
    generation: z.number().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    finalizers: z.array(z.string()).optional(),
    creationTimestamp: z.string().optional(),
    deletionTimestamp: z.string().optional(),
  })
  .describe('Standard object metadata.');

/** The rules on the whole object; the CRD attaches the same ones at its root. */
export const nameRules = [
  {
    cel: `size(self.metadata.name) <= ${limits.nameLength} && self.metadata.name.matches('${namePattern.source}')`,
    holds: (a: { metadata: { name: string } }) =>
      a.metadata.name.length <= limits.nameLength && namePattern.test(a.metadata.name),
    message: `metadata.name: at most ${limits.nameLength} lowercase letters, digits and "-", beginning with a letter`,
  },
];

/** An Artifact as people write it and the operator reports on it. */
export const artifactSchema = withRules(
  z.object({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('Artifact'),
    metadata,
    spec: specSchema,
    status: statusSchema.optional(),
  }),
  nameRules,
);

export type Artifact = z.output<typeof artifactSchema>;
export type ArtifactSpec = z.output<typeof specSchema>;
export type ArtifactSource = ArtifactSpec['source'];
export type SourceFile = z.output<typeof file>;
export type RunSpec = z.output<typeof run>;
export type BuildSpec = z.output<typeof build>;
export type Target = (typeof targets)[number];
/** A target that a workload really has: `auto` decided. */
export type ConcreteTarget = Exclude<Target, 'auto'>;

/** Names that people and other tools read or write on an Artifact and its children. */
export const annotations = {
  /** Opaque; a new value forces a new build. Never in Git, so GitOps does not revert it. */
  retry: `${group}/retry`,
  /** Opaque; a new value starts the same image again, as a new version. Never in Git either. */
  restart: `${group}/restart`,
} as const;
export const labels = {
  /** On a namespace: who owns it, and that it is a tenant's. */
  owner: `${group}/owner`,
  /** The three labels that are a child's identity. */
  instance: 'app.kubernetes.io/instance',
  artifactUid: `${group}/artifact-uid`,
  artifactNamespace: `${group}/artifact-namespace`,
  managedBy: 'app.kubernetes.io/managed-by',
} as const;
export const finalizer = `${group}/cleanup`;
