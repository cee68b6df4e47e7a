// The one settings document (ConfigMap vibed-settings, key settings.yaml). Every field has a default that works or is
// required with a hint; docs/reference/settings.md is generated from the descriptions here.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { quantityOf } from './quantity.ts';
import { isSystemNamespace } from './tenant/system-namespaces.ts';

const quantity = z.string().regex(/^[0-9]+(\.[0-9]+)?(m|k|M|G|Ki|Mi|Gi)?$/);
const resources = z.strictObject({ cpu: quantity, memory: quantity });

const cidr = z.union([z.cidrv4(), z.cidrv6()]);
const allowed = z.strictObject({ cidr, ports: z.array(z.int().min(1).max(65535)).min(1).optional() });
/** Addresses that pods may connect to; every TCP port where none is named. */
export type Allowed = z.output<typeof allowed>;

const egress = (who: string) =>
  z
    .strictObject({
      internet: z
        .boolean()
        .default(true)
        .describe(`Whether ${who} may connect to every public address; network.internalRanges are not among them.`),
      allow: z
        .array(allowed)
        .default([])
        .describe(
          `Further addresses that ${who} may connect to: a list of {cidr, ports}; all TCP ports without ports.`,
        ),
    })
    .prefault({});

const apps = z.strictObject({
  domain: z.string().min(1).describe('Apps answer at <name>-<hash>.<domain>.'),
  scheme: z.enum(['http', 'https']).default('http').describe('Of the URLs; for https the ingress ends TLS.'),
  externalPort: z.int().optional().describe('Port in the URL when it is not the scheme’s own.'),
  ingressClass: z.string().optional().describe('Class of the Ingress objects; the cluster’s default when absent.'),
  tlsSecret: z.string().optional().describe('Name of a TLS Secret in the app’s namespace, for scheme https.'),
  routeAccounts: z
    .array(z.string())
    .default(['system:serviceaccount:knative-serving:controller'])
    .describe(
      'User names of accounts that may make routes for hosts at and below the domain, besides vibeD and cluster administrators: the controller of Knative; that of cert-manager where it answers challenges by an Ingress; an ingress controller that writes annotations of its own.',
    ),
  probeVia: z
    .string()
    .describe(
      'host:port of the ingress (of the Gateway, where targets.gateway names one) inside the cluster; the probe dials it with the app’s Host (and SNI) and never resolves the public name.',
    ),
});

const targets = z
  .strictObject({
    order: z
      .array(z.enum(['knative', 'kubernetes']))
      .min(1)
      .default(['knative', 'kubernetes'])
      .describe('What spec.target `auto` chooses from: the first that is installed. Running apps stay where they are.'),
    knative: z
      .strictObject({
        namespace: z
          .string()
          .default('knative-serving')
          .describe('Where Knative Serving runs; its pods may reach apps.'),
        probeVia: z
          .string()
          .optional()
          .describe('host:port of the gateway that Knative’s routes are served by; apps.probeVia when absent.'),
        domain: z
          .string()
          .min(1)
          .optional()
          .describe(
            'The domain in Knative’s ConfigMap config-domain, where it is not apps.domain: hosts at and below it are kept for apps too.',
          ),
        requestSeconds: z
          .int()
          .min(1)
          .default(60)
          .describe(
            'The longest that a request may take. Knative gives a pod as long to end, and an app that ignores SIGTERM takes all of it.',
          ),
        queueProxy: z
          .strictObject({ cpu: quantity, memory: quantity })
          .default({ cpu: '10m', memory: '64Mi' })
          .describe('Of Knative’s sidecar in each app pod: cpu and memory requested, and memory’s limit.'),
      })
      .prefault({}),
    gateway: z
      .strictObject({ name: z.string(), namespace: z.string(), sectionName: z.string().optional() })
      .optional()
      .describe('A Gateway that HTTPRoutes are attached to: instead of Ingresses, where the Gateway API is installed.'),
  })
  .prefault({});

const registry = z.strictObject({
  push: z.string().min(1).describe('URL that build pods push to, e.g. https://registry.example.com.'),
  pull: z.string().min(1).describe('host[:port] that nodes pull from.'),
  prefix: z.string().default('vibed').describe('First part of every repository: <prefix>/<namespace>/<name>.'),
  deleteImages: z
    .boolean()
    .default(true)
    .describe(
      'Whether the images of a deleted Artifact are deleted too. Clusters that push to one registry need a prefix each then: what is deleted is all of <prefix>/<namespace>/<name>. The registry has to allow it, and frees the bytes in its own garbage collection.',
    ),
  pushSecret: z
    .string()
    .optional()
    .describe(
      'Secret (kubernetes.io/dockerconfigjson) in the namespaces builds.namespace and builds.installNamespace; only our own steps read it. The operator itself reads a Secret named vibed-registry in its own namespace.',
    ),
});

const seriesHint =
  'write {version, image}: the version is the series of the language in the image, such as "24" or "3.13", in quotes';
const versionedBase = z.strictObject({
  version: z.string(seriesHint).regex(/^\d{1,4}(\.\d{1,4})?$/, seriesHint),
  image: z.string().min(1),
});

/** The series in the tag of an image, such as 3.13 of `python:3.13-slim@sha256:…`. */
function taggedVersion(image: string): string | undefined {
  const name = image.split('@')[0]?.split('/').at(-1) ?? '';
  return /^\d{1,4}(?:\.\d{1,4})?/.exec(name.split(':')[1] ?? '')?.[0];
}

/** A list of bases; a single image name stands for a list of one where its tag has the version. */
function versionedBases(repository: string, suffix: string, versions: readonly string[]) {
  const list = z
    .array(versionedBase)
    .min(1)
    .refine(bases => new Set(bases.map(({ version }) => version)).size === bases.length, 'name each version once')
    .default(versions.map(version => ({ version, image: `${repository}:${version}${suffix}` })));
  return z.preprocess(
    value => (typeof value === 'string' ? [{ version: taggedVersion(value), image: value }] : value),
    list,
  );
}

const bases = z
  .object({
    node: versionedBases('docker.io/library/node', '-slim', ['24', '22', '20']),
    // 3.13 before 3.14: most packages with native parts have wheels for it, and Django 6 takes it.
    python: versionedBases('docker.io/library/python', '-slim', ['3.13', '3.14', '3.12', '3.11', '3.10']),
    go: versionedBases('docker.io/library/golang', '', ['1.26', '1.25']),
    rust: z.string().default('docker.io/library/rust:1-slim'),
    rustRuntime: z.string().default('docker.io/library/debian:bookworm-slim'),
    static: z.string().default('docker.io/nginxinc/nginx-unprivileged:1.22'),
    debian: z.string().default('docker.io/library/debian:bookworm-slim'),
  })
  .prefault({})
  .describe(
    'Images that generated Dockerfiles are built from. A list of {version, image} for a language whose version a source may choose; the first is used where a source asks for none. Pin them by digest (name:tag@sha256:…); `node operator/src/registry/pin-bases.ts` does it. A new digest counts for new builds only.',
  );

const builds = z.strictObject({
  namespace: z.string().default('vibed-builds').describe('Where build Jobs run; install.yaml makes it.'),
  installNamespace: z
    .string()
    .default('vibed-installs')
    .describe(
      'Where the Jobs of the layers builder run, which clone and install; install.yaml makes it. It enforces Pod Security restricted.',
    ),
  image: z.string().describe('Image with Buildah ≥ 1.38.1.'),
  stepsImage: z.string().optional().describe('Image of the source and registry steps; the operator’s own when absent.'),
  parallel: z.int().min(1).default(2).describe('Builds at once in the whole cluster.'),
  parallelPerOwner: z.int().min(1).default(1).describe('Builds at once of one owner (label vibed.dev/owner).'),
  timeoutMaxSeconds: z
    .int()
    .min(1)
    .default(1800)
    .describe('The most that spec.build.timeout may ask for; a spec that asks for more is refused.'),
  resources: resources.default({ cpu: '1', memory: '2Gi' }).describe('Limits of a build that asks for none.'),
  resourcesMax: resources
    .default({ cpu: '4', memory: '8Gi' })
    .describe('The most that spec.build.resources may ask for; a spec that asks for more is refused.'),
  ephemeralStorage: quantity.default('10Gi').describe('Limit of what a build writes: layers and packages.'),
  egress: egress('builds'),
  pushBytesMax: quantity
    .default('4Gi')
    .describe(
      'The most that one build may send to the registry through its sidecar. What a build sends beyond that is refused, and the build fails.',
    ),
  hostUsers: z.boolean().default(false).describe('true only where nodes have no user namespaces.'),
  bases,
  baseRegistries: z
    .record(z.string(), z.strictObject({ url: z.string(), withLogin: z.boolean().optional() }))
    .default({ 'docker.io': { url: 'https://registry-1.docker.io' } })
    .describe(
      'Registries that FROM may name, and the URL (or mirror) each is read from. withLogin: true reads with the login that registry.pushSecret has for this host; every build can then read what this login can read there, except below registry.prefix.',
    ),
  network: z
    .object({
      httpProxy: z.string().optional(),
      httpsProxy: z.string().optional(),
      noProxy: z.string().optional(),
      npmRegistry: z.string().optional(),
      pipIndexUrl: z.string().optional(),
      goProxy: z.string().optional(),
      goSumDb: z.string().optional(),
      cargoIndex: z.string().optional(),
    })
    .prefault({})
    .describe(
      'Proxies and package indexes: given to build steps and never to the image. The key ca.crt of the settings ConfigMap is trusted by builds too.',
    ),
});

const network = z
  .strictObject({
    dns: z
      .strictObject({
        namespace: z.string().default('kube-system').describe('Namespace of the cluster’s DNS.'),
        podLabels: z.record(z.string(), z.string()).default({ 'k8s-app': 'kube-dns' }).describe('Labels of its pods.'),
        port: z.int().default(53).describe('Port of its pods.'),
        cidrs: z
          .array(cidr)
          .default([])
          .describe('Addresses of resolvers that are no pods, such as 169.254.20.10/32 of a node-local cache.'),
      })
      .prefault({}),
    internalRanges: z
      .array(cidr.refine(range => !/^::ffff:|\/0$/i.test(range), 'name a part of the addresses of one family'))
      .default([])
      .describe(
        'Address ranges of the cluster or the site besides the private ones (RFC 1918, link-local, 100.64.0.0/10 and so on), for example public addresses that pods or nodes have. Apps cannot reach them, and git URLs cannot name them.',
      ),
    metricsNamespaces: z
      .array(z.string())
      .default([])
      .describe('Namespaces whose pods may read vibeD’s metrics, such as that of Prometheus.'),
  })
  .prefault({});

const tenants = z
  .object({
    quota: z
      .record(z.string(), z.string())
      .default({
        'count/artifacts.vibed.dev': '50',
        // Of ours: five build logs per Artifact, and beside them what apps are given.
        'count/configmaps': '500',
        // One per change of variables, kept with the version that refers to it.
        'count/secrets': '600',
        // Versions: historyLimit of each Artifact, ten by default. vibeD holds them in memory.
        'count/controllerrevisions.apps': '600',
        // Knative makes three per version.
        'count/services': '2000',
        // Knative makes one per version.
        'count/deployments.apps': '600',
        'count/ingresses.networking.k8s.io': '100',
        'services.nodeports': '0',
        'services.loadbalancers': '0',
        'count/jobs.batch': '50',
        'count/cronjobs.batch': '20',
        pods: '100',
        'requests.cpu': '8',
        'requests.memory': '16Gi',
        'limits.memory': '32Gi',
      })
      .describe(
        'ResourceQuota of every tenant namespace. What is given here replaces the whole default: repeat what should stay. vibeD itself keeps build logs (ConfigMaps), variables (Secrets) and versions (ControllerRevisions) there.',
      ),
    defaultResources: z
      .object({ requests: resources, limits: z.strictObject({ memory: quantity, 'ephemeral-storage': quantity }) })
      .default({ requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '512Mi', 'ephemeral-storage': '1Gi' } })
      .describe('Of an app that asks for none.'),
    resourcesMax: resources
      .default({ cpu: '4', memory: '8Gi' })
      .describe(
        'The most that spec.run.resources may ask for, for each instance; a spec that asks for more is refused.',
      ),
    instancesMax: z
      .int()
      .min(1)
      .default(20)
      .describe('The most that spec.run.scale.min and max may ask for; a spec that asks for more is refused.'),
    startupTimeoutMaxSeconds: z
      .int()
      .min(1)
      .default(900)
      .describe('The most that spec.run.health.startupTimeout may ask for; a spec that asks for more is refused.'),
    envBytesMax: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(65_536)
      .describe(
        'The most bytes that all variables of one Artifact may have: names and values, those that the API keeps as Secrets included.',
      ),
    protectedNamespaces: z
      .array(z.string())
      .default(['default'])
      .describe('Never tenants, besides kube-* and vibeD’s own.'),
    sharedNamespace: z
      .string()
      .regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/)
      .optional()
      .describe(
        'One namespace for the apps of everybody who comes by the API, instead of one each: for clusters where namespaces cannot be made freely. Quota and network are shared then; a label that only the api-server may set says whose an Artifact is.',
      ),
    ingressNamespaces: z
      .array(z.string())
      .default([])
      .describe(
        'Namespaces of ingress controllers, whose pods may reach apps and the api-server. The namespace in apps.probeVia, targets.knative.probeVia and targets.gateway is one without being named here.',
      ),
    ingressCidrs: z
      .array(cidr)
      .default([])
      .describe('Addresses that requests to apps come from where an ingress controller is no pod of its own network.'),
    egress: egress('apps'),
  })
  .prefault({});

const api = z
  .object({
    publicUrl: z.url().default('http://localhost:8090').describe('Where people and their tools reach the api-server.'),
    tlsSecret: z
      .string()
      .optional()
      .describe(
        'Name of a TLS Secret in systemNamespace for the host of an https publicUrl; the ingress’s own certificate when absent.',
      ),
    sourceUrl: z
      .url()
      .default('http://vibed-api-source.vibed-system.svc:8092')
      .describe('Where build pods fetch uploaded sources; inside the cluster only.'),
    sourceBytesPerOwner: z
      .string()
      .regex(/^[1-9][0-9]*(Ki|Mi|Gi|Ti)?$/)
      .default('2Gi')
      .describe(
        'The most that the stored sources of one owner take, compressed. When a new one does not fit, the oldest that no artifact uses are removed; if that is not enough, it is refused.',
      ),
    sourcesPerOwner: z
      .int()
      .min(1)
      .default(1000)
      .describe('The most stored sources of one owner, whatever their size.'),
  })
  .prefault({});

const settingsObject = z.strictObject({
  systemNamespace: z.string().default('vibed-system').describe('Where vibeD itself runs.'),
  network,
  apps,
  registry,
  builds,
  tenants,
  targets,
  api,
  sources: z
    .object({
      gitSchemes: z
        .array(z.enum(['https', 'http', 'ssh']))
        .default(['https'])
        .describe('Schemes of git URLs that Artifacts may name.'),
      gitAllowPrivate: z
        .array(
          z.union([
            cidr,
            z
              .string()
              .regex(/^(\*|[a-z0-9-]+)(\.(\*|[a-z0-9-]+))*$/, 'write a host name, git.*.example.com, or a CIDR'),
          ]),
        )
        .default([])
        .describe(
          'Git servers inside: address ranges, or host names in which * stands for one label. Other git URLs must lead to a public address. Where builds.network names a proxy for the URL, the proxy resolves the name and decides.',
        ),
    })
    .prefault({}),
  versions: z
    .object({
      drainSeconds: z
        .int()
        .min(0)
        .default(5)
        .describe('How long a pod that is being ended still answers, while routes to it go away.'),
    })
    .prefault({}),
});

export const settingsSchema = settingsObject.refine(
  settings => !isSystemNamespace(settings.tenants.sharedNamespace ?? '', settings),
  {
    path: ['tenants', 'sharedNamespace'],
    error: 'name a namespace for apps: not kube-*, not one of vibeD’s own, and not one of tenants.protectedNamespaces',
  },
);
export type Settings = z.output<typeof settingsSchema>;

/** Reads and checks the settings file. Throws one Error that names every wrong field and where to mend it. */
export function readSettings(path: string): Settings {
  const parsed = settingsSchema.safeParse(parse(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(i => `  ${i.path.join('.') || '(top)'}: ${i.message}`).join('\n');
  throw new Error(`settings in ${path} (ConfigMap vibed-settings) are not usable:\n${problems}`);
}

/** The bytes in a size of the settings, such as `2Gi`. */
export function bytesIn(size: string): number {
  const bytes = quantityOf(size);
  if (bytes === undefined) throw new Error(`${size} is not a size`);
  return bytes;
}

/** The name of a Service, which needs no gateway. */
export const isInside = ({ hostname }: URL): boolean => /\.svc(\.cluster\.local)?$/.test(hostname);

/** Where an app's URL is dialled from inside the cluster, `host:port`: a Service itself, else the gateway of the app's target. */
export function dialled(url: URL, target: string | undefined, { apps, targets }: Settings): string {
  if (isInside(url)) return `${url.hostname}:${url.port || 80}`;
  return (target === 'knative' ? targets.knative.probeVia : undefined) ?? apps.probeVia;
}
