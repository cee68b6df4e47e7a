/** How package indexes, proxies and the site's certificate authorities reach a build and never the image.
 *
 * Buildah (1.43, read in its source) writes `--env` into the image's history even when `--unsetenv` removes it from the
 * configuration, drops a `--build-arg` that no ARG declares, and records one that is declared. So everything that belongs to
 * the site travels in two ways that leave no trace: proxies in the environment of the buildah process itself (it hands the eight
 * proxy names to RUN and keeps them out of configuration, history and cache keys), and the rest as files bind-mounted for RUN
 * only. What tools need in order to find these files are constant paths: those alone go through `--env` with `--unsetenv`. */

/** Where the files are mounted inside every RUN step. */
export const buildEnvironmentDir = '/run/vibed-build';

/** Settings of the installation that builds need and images must not hold. */
export interface BuildNetwork {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
  readonly npmRegistry?: string;
  readonly pipIndexUrl?: string;
  readonly goProxy?: string;
  readonly goSumDb?: string;
  readonly cargoIndex?: string;
  /** PEM text of every authority to trust, the public ones included. */
  readonly caBundle?: string;
}

/** The three parts, each for its own place in the pod. */
export interface BuildEnvironment {
  /** Environment of the Buildah container. */
  readonly process: Readonly<Record<string, string>>;
  /** Files (name → text) for the volume that the Buildah container sees at `/vibed/build-env`. */
  readonly files: Readonly<Record<string, string>>;
  /** Constant paths, set for RUN and removed from the image. */
  readonly env: Readonly<Record<string, string>>;
}

/** Splits the settings into process environment, mounted files and constant paths; empty settings give three empty parts. */
export function buildEnvironment(network: BuildNetwork): BuildEnvironment {
  const files = filesOf(network);
  const env: Record<string, string> = {};
  for (const [file, names] of Object.entries(environmentNames)) {
    if (files[file] === undefined) continue;
    for (const name of names) env[name] = `${buildEnvironmentDir}/${file}`;
  }
  return { process: processOf(network), files, env };
}

const environmentNames: Readonly<Record<string, readonly string[]>> = {
  'ca.pem': [
    'CARGO_HTTP_CAINFO',
    'CURL_CA_BUNDLE',
    'GIT_SSL_CAINFO',
    'NODE_EXTRA_CA_CERTS',
    'PIP_CERT',
    'REQUESTS_CA_BUNDLE',
    'SSL_CERT_FILE',
  ],
  npmrc: ['NPM_CONFIG_USERCONFIG'],
  'pip.conf': ['PIP_CONFIG_FILE'],
  'go.env': ['GOENV'],
};

function processOf(network: BuildNetwork): Record<string, string> {
  const process: Record<string, string> = {};
  const pairs = { http_proxy: network.httpProxy, https_proxy: network.httpsProxy, no_proxy: network.noProxy };
  for (const [name, value] of Object.entries(pairs)) {
    if (value === undefined) continue;
    process[name] = value;
    process[name.toUpperCase()] = value;
  }
  return process;
}

function filesOf(network: BuildNetwork): Record<string, string> {
  const files: Record<string, string> = {};
  const ca = `${buildEnvironmentDir}/ca.pem`;
  if (network.caBundle !== undefined) files['ca.pem'] = network.caBundle;
  const npm = [setting('registry', network.npmRegistry), setting('cafile', network.caBundle && ca)].join('');
  if (npm !== '') files.npmrc = npm;
  if (network.pipIndexUrl !== undefined) files['pip.conf'] = `[global]\n${setting('index-url', network.pipIndexUrl)}`;
  const go = [setting('GOPROXY', network.goProxy), setting('GOSUMDB', network.goSumDb)].join('');
  if (go !== '') files['go.env'] = go;
  if (network.cargoIndex !== undefined) {
    const index = JSON.stringify(network.cargoIndex);
    files['cargo.toml'] = `[source.crates-io]\nreplace-with = "site"\n\n[source.site]\nregistry = ${index}\n`;
  }
  return files;
}

function setting(name: string, value: string | undefined): string {
  if (value === undefined || value === '') return '';
  if (/[\r\n]/.test(value)) throw new Error(`the setting ${name} must be one line`);
  return `${name}=${value}\n`;
}
