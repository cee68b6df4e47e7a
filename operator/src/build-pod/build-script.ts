/** What runs in the Buildah container: one static shell script, and its arguments.
 *
 * No value is ever part of the shell text: names, options and paths arrive as positional parameters and are only used quoted. The script
 * builds, looks up the numeric user and the ports of the result, pushes through the sidecar and leaves a BuildReport. It sets no
 * `--timestamp`: Buildah's cache keys do not depend on file times (tried), while equal times for all files would give nginx and browsers the
 * same ETag for two versions of a file of equal size. */
import type { BuildEnvironment } from '../builder/build-files.ts';
import { buildEnvironmentDir } from '../builder/build-files.ts';
import { buildExit, podPaths } from './job.ts';
import { registryProxyAddress } from './registries-conf.ts';

/** What one build is about. */
export interface BuildInput {
  /** Repository of the image, without host. */
  readonly repository: string;
  /** Tag to push: the build key. */
  readonly tag: string;
  /** Repository of the layer cache, without host; no cache when absent. */
  readonly cacheRepository?: string;
  readonly environment: BuildEnvironment;
  /** The build is ended after this time, by itself, so that its log stays readable. */
  readonly timeoutSeconds: number;
  /** The user's values and build arguments; of two with one name the later counts. */
  readonly args: readonly { readonly name: string; readonly value: string }[];
}

/** Folder of the Buildah container where the operator mounts BuildEnvironment.files, and the registries.conf beside it. */
export const buildMounts = { environment: '/vibed/build-env', registriesConf: '/vibed/registries.conf' } as const;

/** The container's command and environment; throws on a name that a registry or Buildah would not take. */
export function buildCommand(input: BuildInput): { command: string[]; env: Record<string, string> } {
  const image = `${registryProxyAddress}/${repository(input.repository)}`;
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(input.tag))
    throw new Error(`not a tag: ${JSON.stringify(input.tag)}`);
  const command = [
    'sh',
    '-c',
    buildScript(),
    'vibed-build',
    image,
    input.tag,
    podPaths.terminationLog,
    String(input.timeoutSeconds),
    ...options(input),
  ];
  const env = {
    BUILDAH_ISOLATION: 'chroot',
    STORAGE_DRIVER: 'overlay',
    CONTAINERS_REGISTRIES_CONF: buildMounts.registriesConf,
    ...input.environment.process,
    ...exceptLoopback(input.environment.process),
  };
  return { command, env };
}

/** The static text of the script. Parameters: image, tag, termination log, seconds, then options of `buildah build`. */
export function buildScript(): string {
  return script;
}

function options(input: BuildInput): string[] {
  const cache =
    input.cacheRepository === undefined ? undefined : `${registryProxyAddress}/${repository(input.cacheRepository)}`;
  const { env, files } = input.environment;
  const constants = Object.entries(env).flatMap(([name, path]) => ['--env', `${name}=${path}`, '--unsetenv', name]);
  const mounts =
    Object.keys(files).length === 0 ? [] : ['--volume', `${buildMounts.environment}:${buildEnvironmentDir}:ro`];
  // cargo looks for its configuration in the parents of the working folder, and nowhere that a variable could name.
  const cargo =
    files['cargo.toml'] === undefined
      ? []
      : ['--volume', `${buildMounts.environment}/cargo.toml:/.cargo/config.toml:ro`];
  return [
    ...(cache === undefined ? [] : ['--cache-from', cache, '--cache-to', cache]),
    ...constants,
    ...mounts,
    ...cargo,
    ...lastOfEach(input.args).flatMap(argument => ['--build-arg', buildArgument(argument)]),
  ];
}

/** The sidecar is never behind the proxy, whatever the installation's exceptions are. */
function exceptLoopback(process: Readonly<Record<string, string>>): Record<string, string> {
  if (process.https_proxy === undefined && process.http_proxy === undefined) return {};
  const exceptions = ['127.0.0.1', 'localhost', ...(process.no_proxy ?? '').split(',').filter(Boolean)].join(',');
  return { no_proxy: exceptions, NO_PROXY: exceptions };
}

function repository(name: string): string {
  if (!/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(name)) throw new Error(`not a repository: ${JSON.stringify(name)}`);
  return name;
}

const lastOfEach = (args: BuildInput['args']) => [...new Map(args.map(each => [each.name, each])).values()];

function buildArgument(argument: { readonly name: string; readonly value: string }): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(argument.name))
    throw new Error(`not the name of a build argument: ${JSON.stringify(argument.name)}`);
  return `${argument.name}=${argument.value}`;
}

const script = `set -u
image=$1
tag=$2
report=$3
seconds=$4
shift 4
work=$(mktemp -d)

# The log goes out as it comes; the last lines are kept to tell a missing base from a failed step.
mkfifo "$work/lines"
tail -n 5 < "$work/lines" > "$work/last" &
last=$!
{
  timeout --kill-after=10 "$seconds" buildah build --layers --format oci --retry 3 "$@" --file ${podPaths.dockerfile} --tag "$image:$tag" ${podPaths.context}
  echo $? > "$work/code"
} 2>&1 | tee "$work/lines"
wait "$last"
code=$(cat "$work/code")
if [ "$code" -eq 124 ]; then
  printf '{"ok":false,"step":"timeout"}' > "$report"
  exit ${buildExit.timedOut}
fi
if [ "$code" -ne 0 ]; then
  step=build
  exit=${buildExit.buildFailed}
  if grep -q '(builds.pushBytesMax)' "$work/last"; then
    step=limit
    exit=${buildExit.pushedTooMuch}
  elif grep -Eq '^Error: creating build container: .*(copy from source|initializing source|reading manifest|pinging container registry)' "$work/last"; then
    step=base
    exit=${buildExit.baseUnavailable}
  elif grep -Eq '^Error: .*(pushing cache|push cache)' "$work/last"; then
    step=push
    exit=${buildExit.pushFailed}
  fi
  printf '{"ok":false,"step":"%s","code":%d}' "$step" "$code" > "$report"
  exit "$exit"
fi

inspect_failed() {
  printf '{"ok":false,"step":"inspect"}' > "$report"
  exit ${buildExit.inspectFailed}
}

# The uid of the image's user: numbers as they are, names by the image's own passwd, which is read as data and through no link.
user=$(buildah inspect --type image --format '{{.OCIv1.Config.User}}' "$image:$tag") || inspect_failed
user=\${user%%:*}
case $user in
  '' | root) uid=root ;;
  *[!0-9]*)
    container=$(buildah from --pull-never "$image:$tag") || inspect_failed
    mount=$(buildah mount "$container") || inspect_failed
    uid=
    if [ ! -L "$mount/etc" ] && [ ! -L "$mount/etc/passwd" ] && [ -f "$mount/etc/passwd" ]; then
      uid=$(VIBED_USER=$user awk -F: '$1 == ENVIRON["VIBED_USER"] { print $3; exit }' "$mount/etc/passwd")
    fi
    buildah rm "$container" > /dev/null || inspect_failed
    case $uid in
      '' | *[!0-9]*) uid=unknown:$(printf '%s' "$user" | tr -cd 'A-Za-z0-9_.-' | cut -c 1-64) ;;
      *[!0]*) ;;
      *) uid=root ;;
    esac
    ;;
  *[!0]*) uid=$user ;;
  *) uid=root ;;
esac
uid=$(printf '%s' "$uid" | cut -c 1-80)

ports=$(buildah inspect --type image --format '{{range $port, $_ := .OCIv1.Config.ExposedPorts}}{{$port}} {{end}}' "$image:$tag") || inspect_failed
exposed=
for port in $(printf '%s' "$ports" | tr -cd '0-9a-z/ ' | cut -c 1-400); do
  exposed="$exposed\${exposed:+,}\\"$port\\""
done

{
  buildah push --retry 3 --digestfile "$work/digest" "$image:$tag" "docker://$image:$tag"
  echo $? > "$work/code"
} 2>&1 | tee "$work/push"
if [ "$(cat "$work/code")" -ne 0 ]; then
  if grep -q '(builds.pushBytesMax)' "$work/push"; then
    printf '{"ok":false,"step":"limit"}' > "$report"
    exit ${buildExit.pushedTooMuch}
  fi
  printf '{"ok":false,"step":"push"}' > "$report"
  exit ${buildExit.pushFailed}
fi
printf '{"ok":true,"digest":"%s","user":"%s","exposed":[%s]}' "$(cat "$work/digest")" "$uid" "$exposed" > "$report"
`;
