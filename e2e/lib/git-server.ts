// A real git HTTP server in the cluster: `git http-backend` behind a small CGI server in a pod. Repositories are made from
// file lists and changed through the apiserver's pod proxy, so the test machine needs no route to the pod.
import { readFileSync } from 'node:fs';
import type { V1ConfigMap, V1Pod, V1Service } from '@kubernetes/client-node';
import { kinds, type Typed } from '@vibed/store/kube';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { removeNamespace } from './namespace.ts';

const port = 8080;
const program = readFileSync(new URL('./git-cgi.mjs', import.meta.url), 'utf8');

export interface Login {
  username: string;
  password: string;
}

export interface Commit {
  /** Branch to commit to; made when it is not there. */
  branch: string;
  files: Readonly<Record<string, string>>;
  tag?: string;
}

export class GitServer implements AsyncDisposable {
  readonly namespace: string;
  readonly #cluster: Cluster;

  private constructor(cluster: Cluster, namespace: string) {
    this.#cluster = cluster;
    this.namespace = namespace;
  }

  /** In a namespace of its own, which is nobody's tenant. */
  static async start(cluster: Cluster, beside: string, login?: Login): Promise<GitServer> {
    const server = new GitServer(cluster, `${beside}-git`);
    await cluster.client.create(kinds.namespace, {
      metadata: { name: server.namespace, labels: { 'vibed.dev/e2e': 'true' } },
    });
    await cluster.client.create(kinds.configMap, configMap(server.namespace));
    await cluster.client.create(kinds.service, service(server.namespace));
    await cluster.client.create(kinds.pod, pod(server.namespace, cluster.nodeGitImage, login));
    await eventually(() => server.#call('GET', 'ready'), { ready: true }, { within: 120 });
    return server;
  }

  /** As a build pod reaches it. */
  get host(): string {
    return `git.${this.namespace}.svc`;
  }

  /** The same as a label value, which cannot hold a colon. */
  get hostLabel(): string {
    return `${this.host}_${port}`;
  }

  url(repository: string): string {
    return `http://${this.host}:${port}/${repository}.git`;
  }

  /** Returns the commit's id; the files replace everything that was on the branch. */
  async commit(repository: string, commit: Commit): Promise<string> {
    const { id } = (await this.#call('POST', `commit/${repository}`, commit)) as { id: string };
    return id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeNamespace(this.#cluster.client, this.namespace);
  }

  async #call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<object> {
    const pods = `/api/v1/namespaces/${this.namespace}/pods/git:${port}/proxy/-`;
    return (await this.#cluster.client.raw(method, `${pods}/${path}`, body)) as object;
  }
}

const meta = (namespace: string) => ({ name: 'git', namespace, labels: { app: 'git' } });

const configMap = (namespace: string): Typed<V1ConfigMap> => ({
  metadata: meta(namespace),
  data: { 'git-cgi.mjs': program },
});

const service = (namespace: string): Typed<V1Service> => ({
  metadata: meta(namespace),
  spec: { selector: { app: 'git' }, ports: [{ port, targetPort: port }] },
});

const pod = (namespace: string, image: string, login: Login | undefined): Typed<V1Pod> => ({
  metadata: meta(namespace),
  spec: {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'git',
        image,
        command: ['node', '/program/git-cgi.mjs'],
        env: [
          { name: 'PORT', value: String(port) },
          { name: 'HOME', value: '/repositories' },
          ...(login === undefined ? [] : [{ name: 'LOGIN', value: `${login.username}:${login.password}` }]),
        ],
        volumeMounts: [
          { name: 'program', mountPath: '/program' },
          { name: 'repositories', mountPath: '/repositories' },
        ],
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 10001,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
        },
      },
    ],
    volumes: [
      { name: 'program', configMap: { name: 'git' } },
      { name: 'repositories', emptyDir: {} },
    ],
  },
});
