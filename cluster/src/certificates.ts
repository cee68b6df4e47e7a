// The cluster's own certificate authority and one client certificate per component, made once per checkout with openssl.
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import { type Layout, NET } from './layout.ts';

interface Certificate {
  readonly file: string;
  readonly user: string;
  readonly group?: string;
  readonly names?: readonly string[];
}

const DAYS = '3650';

function certificates(layout: Layout): readonly Certificate[] {
  const service = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  return [
    {
      file: 'apiserver',
      user: 'kube-apiserver',
      names: [...service, 'localhost', '127.0.0.1', NET.nodeIP, NET.apiServiceIP],
    },
    { file: 'kubelet-server', user: layout.name, names: [layout.name, NET.nodeIP] },
    { file: 'apiserver-kubelet-client', user: 'kube-apiserver-kubelet-client', group: 'system:masters' },
    { file: 'admin', user: 'admin', group: 'system:masters' },
    { file: 'controller-manager', user: 'system:kube-controller-manager' },
    { file: 'scheduler', user: 'system:kube-scheduler' },
    { file: 'proxy', user: 'system:kube-proxy' },
    { file: 'kubelet', user: `system:node:${layout.name}`, group: 'system:nodes' },
    { file: 'coredns', user: 'vibed:coredns' },
    { file: 'traefik', user: 'vibed:traefik' },
    { file: 'network-policies', user: 'vibed:network-policies' },
  ];
}

export async function createCertificates(layout: Layout): Promise<void> {
  await mkdir(layout.pki, { recursive: true, mode: 0o700 });
  const path = (name: string) => join(layout.pki, name);
  if (!existsSync(path('ca.crt'))) await createAuthority(path);
  await Promise.all(certificates(layout).map(certificate => createCertificate(path, certificate)));
  if (!existsSync(path('service-account.pub'))) {
    await run(['openssl', 'genrsa', '-out', path('service-account.key'), '2048']);
    await run(['openssl', 'rsa', '-in', path('service-account.key'), '-pubout', '-out', path('service-account.pub')]);
  }
}

async function createAuthority(path: (name: string) => string): Promise<void> {
  await createKey(path('ca.key'));
  const subject = ['-subj', '/CN=vibed-cluster', '-addext', 'basicConstraints=critical,CA:TRUE'];
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature'];
  await run([
    'openssl',
    'req',
    '-x509',
    '-new',
    '-key',
    path('ca.key'),
    '-days',
    DAYS,
    ...subject,
    ...usage,
    '-out',
    path('ca.crt'),
  ]);
}

const createKey = (file: string) =>
  run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file]);

async function createCertificate(
  path: (name: string) => string,
  { file, user, group, names }: Certificate,
): Promise<void> {
  if (existsSync(path(`${file}.crt`))) return;
  const key = path(`${file}.key`);
  const request = path(`${file}.csr`);
  const extensions = path(`${file}.ext`);
  const isAddress = (name: string) => /^[\d.]+$/.test(name);
  const alternatives = names?.map(name => `${isAddress(name) ? 'IP' : 'DNS'}:${name}`).join(',');
  const lines = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=clientAuth,serverAuth'];
  await writeFile(extensions, [...lines, ...(alternatives ? [`subjectAltName=${alternatives}`] : [])].join('\n'));
  await createKey(key);
  await run([
    'openssl',
    'req',
    '-new',
    '-key',
    key,
    '-subj',
    `${group ? `/O=${group}` : ''}/CN=${user}`,
    '-out',
    request,
  ]);
  const signer = ['-CA', path('ca.crt'), '-CAkey', path('ca.key'), '-CAserial', path(`${file}.srl`), '-CAcreateserial'];
  const output = ['-days', DAYS, '-extfile', extensions, '-out', path(`${file}.crt`)];
  await run(['openssl', 'x509', '-req', '-in', request, ...signer, ...output]);
}

/** A kubeconfig with the certificate inside, so that it can be copied anywhere. */
export async function writeKubeconfig(
  layout: Layout,
  certificate: string,
  server: string,
  file: string,
): Promise<void> {
  const base64 = async (name: string) => (await readFile(join(layout.pki, name))).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: layout.name, cluster: { server, 'certificate-authority-data': await base64('ca.crt') } }],
    users: [
      {
        name: certificate,
        user: {
          'client-certificate-data': await base64(`${certificate}.crt`),
          'client-key-data': await base64(`${certificate}.key`),
        },
      },
    ],
    contexts: [{ name: layout.name, context: { cluster: layout.name, user: certificate } }],
    'current-context': layout.name,
  };
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
}
