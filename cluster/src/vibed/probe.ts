// Runs in a pod of the cluster that is checked, as one file given to `node -e`: so it imports nothing but Node. It serves the
// word of its environment at every path, tries what builds and vibeD's own probe will need, prints one JSON line with the
// results and serves on.
import { lookup } from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the pod is told, as JSON in VIBED_PROBE. */
export interface ProbeInput {
  readonly word: string;
  readonly registry: string;
  /** Base registries by host. */
  readonly bases: Readonly<Record<string, string>>;
  /** URL of one package index; empty when there is none to try. */
  readonly packages: string;
  readonly proxy: { readonly HTTP_PROXY?: string; readonly HTTPS_PROXY?: string; readonly NO_PROXY?: string };
  readonly ingress: { readonly scheme: string; readonly address: string; readonly host: string };
}

export interface ProbeResult {
  readonly name: 'dns' | 'registry' | 'base' | 'packages' | 'ingress';
  readonly ok: boolean;
  readonly detail: string;
}

interface Request {
  readonly url: string;
  readonly proxy?: ProbeInput['proxy'];
  readonly options?: https.RequestOptions;
}

/** Status and body; never through a proxy unless one is given. */
function ask({ url, proxy, options = {} }: Request): Promise<{ status: number; body: string }> {
  const client = url.startsWith('https:') ? https : http;
  const agent = new client.Agent(proxy === undefined ? {} : { proxyEnv: { ...proxy } });
  return new Promise((resolve, reject) => {
    const request = client.request(url, { agent, timeout: 10_000, ...options }, answer => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        body = (body + text).slice(0, 10_000);
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    request.on('timeout', () => request.destroy(new Error('no answer in 10 s')));
    request.on('error', reject).end();
  });
}

async function tried(name: ProbeResult['name'], work: () => Promise<string>): Promise<ProbeResult> {
  try {
    return { name, ok: true, detail: await work() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message || String(error) : String(error) };
  }
}

/** A registry that wants a login is as good as one that does not. */
async function isRegistry(url: string): Promise<string> {
  const { status } = await ask({ url: `${url.replace(/\/$/, '')}/v2/` });
  if (status !== 200 && status !== 401) throw new Error(`${url}/v2/ answers ${status}`);
  return `${url} answers ${status}`;
}

async function answersByIngress({ ingress, word }: ProbeInput): Promise<string> {
  const url = `${ingress.scheme}://${ingress.address}/`;
  const options = { headers: { host: ingress.host }, servername: ingress.host, rejectUnauthorized: false };
  let last = '';
  for (let tries = 0; tries < 15; tries++, await sleep(1_000)) {
    last = await ask({ url, options }).then(
      ({ status, body }) => (body === word ? '' : `${url} answers ${status} for ${ingress.host}`),
      (error: Error) => `${url}: ${error.message}`,
    );
    if (last === '') return `${url} leads to a pod`;
  }
  throw new Error(last);
}

function probes(input: ProbeInput): Promise<ProbeResult>[] {
  return [
    tried('dns', async () => (await lookup('kubernetes.default.svc')).address),
    tried('registry', () => isRegistry(input.registry)),
    ...Object.values(input.bases).map(url => tried('base', () => isRegistry(url))),
    ...(input.packages === ''
      ? []
      : [
          tried('packages', async () => {
            const { status } = await ask({ url: input.packages, proxy: input.proxy });
            if (status >= 400) throw new Error(`${input.packages} answers ${status}`);
            return `${input.packages} answers ${status}`;
          }),
        ]),
    tried('ingress', () => answersByIngress(input)),
  ];
}

const { VIBED_PROBE } = process.env;
if (VIBED_PROBE !== undefined) {
  const input = JSON.parse(VIBED_PROBE) as ProbeInput;
  http.createServer((_, answer) => answer.end(input.word)).listen(8080);
  const results = await Promise.all(probes(input));
  console.log(JSON.stringify({ results }));
}
