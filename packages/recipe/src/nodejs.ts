/** Node: single-page applications become static files, everything else a server with its dependencies beside it. */
import { cmd, copy, dockerfileText } from './instructions.ts';
import { localStateWarnings } from './local-state.ts';
import type { DockerfilePlan, LanguageRule, PlanInput, PlanResult } from './model.ts';
import { appUid, fault } from './model.ts';
import { type NodePackage, nodePackage } from './node-package.ts';
import {
  entryFile,
  looksLikeServer,
  type NodeStart,
  needsSvelteAdapter,
  nextExport,
  nodeStart,
  serverDependency,
} from './node-server.ts';
import { type BundledSite, bundledSite, hasPage, isPreview } from './node-static.ts';
import { firstFile, hasFile, type SourceTree } from './source-tree.ts';
import { builtStaticPlan } from './static.ts';

type Lines = readonly (string | undefined)[];

/** Trees with a package.json that builds or starts something, or a single file that is clearly a server. */
export const nodejsRule: LanguageRule = {
  language: 'nodejs',
  detect(tree) {
    const pkg = nodePackage(tree);
    if (pkg === undefined) {
      if (hasFile(tree, 'package.json')) return 'package.json is there';
      const entry = entryFile(tree);
      return entry !== undefined && looksLikeServer(tree, entry)
        ? `${entry} opens a port, and there is no package.json`
        : undefined;
    }
    return detectPackage(tree, pkg);
  },
  plan(input) {
    const { tree } = input;
    const pkg = nodePackage(tree);
    if (pkg === undefined) return planBareFile(input);
    if (needsSvelteAdapter(pkg)) return svelteFault();
    const site = siteOf(tree, pkg);
    if (site !== undefined) return { ok: true, plan: sitePlan(input, pkg, site) };
    const start = nodeStart(tree, pkg);
    if (start === undefined) return entrypointFault();
    return { ok: true, plan: serverPlan(input, pkg, start) };
  },
};

function detectPackage(tree: SourceTree, pkg: NodePackage): string | undefined {
  const { start, build } = pkg.scripts;
  const server = serverDependency(pkg);
  const entry = entryFile(tree, pkg);
  if (server !== undefined) return `package.json depends on ${server}`;
  if (start !== undefined && !isPreview(start)) return 'package.json has a start script';
  // A stylesheet or a bundle beside another language's manifest does not make that project a Node one.
  const otherManifest = firstFile(tree, ['requirements.txt', 'pyproject.toml', 'manage.py', 'go.mod', 'Cargo.toml']);
  if (otherManifest !== undefined) return undefined;
  if (build !== undefined) return 'package.json has a build script';
  if (entry !== undefined && (looksLikeServer(tree, entry) || !hasPage(tree)))
    return `package.json and ${entry} are there`;
  return hasPage(tree) ? undefined : 'package.json is there';
}

/** The files to serve, when this project builds files and no server. */
function siteOf(tree: SourceTree, pkg: NodePackage): BundledSite | undefined {
  if (pkg.all.has('next') && nextExport(tree)) {
    return {
      framework: 'next',
      output: 'out',
      spaFallback: false,
      why: "next.config sets output: 'export': the pages are served as static files",
    };
  }
  if (pkg.all.has('nuxt') && /nuxt generate/.test(pkg.scripts.build ?? '')) {
    return {
      framework: 'nuxt',
      output: '.output/public',
      spaFallback: true,
      why: 'the build script generates static pages',
    };
  }
  const site = bundledSite(tree, pkg);
  if (site === undefined) return undefined;
  const start = pkg.scripts.start;
  const startsServer = start !== undefined && !isPreview(start);
  if (startsServer) return undefined;
  const server = serverDependency(pkg);
  if (server === undefined) return site;
  // Express is often left over in a page's package.json: without a file that listens there is nothing to start.
  const entry = nodeStart(tree, pkg);
  const known = entry?.framework !== undefined && !['express', 'ws', 'socket.io', 'hono'].includes(entry.framework);
  const file = entryFile(tree, pkg);
  return known || (file !== undefined && looksLikeServer(tree, file)) ? undefined : site;
}

function sitePlan(input: PlanInput, pkg: NodePackage, site: BundledSite): DockerfilePlan {
  const stages = [buildStage(input, pkg, ['RUN npm run build'])];
  const output = `/app/${site.output}`;
  const why = [pkg.manager.why, 'the build script runs with development dependencies', site.why];
  const build = {
    framework: site.framework,
    stages,
    output,
    language: 'nodejs',
    spaFallback: site.spaFallback,
  } as const;
  return builtStaticPlan(input, why, build);
}

function serverPlan(input: PlanInput, pkg: NodePackage, start: NodeStart): DockerfilePlan {
  const built = pkg.scripts.build !== undefined;
  const keep = start.needsDevelopment;
  const why = [
    ...(pkg.all.size === 0 ? ['there are no dependencies to install'] : [pkg.manager.why]),
    ...(built ? ['the build script runs with development dependencies'] : []),
    ...(keep && pkg.devDependencies.size > 0
      ? ['the start command uses development tools, so they stay in the image']
      : []),
    start.why,
  ];
  const stages = built ? builtServer(input, pkg, keep) : plainServer(input, pkg, keep);
  const common = serverCommon(input, pkg, why);
  return {
    ...common,
    ...(start.framework !== undefined && { framework: start.framework }),
    dockerfile: { text: dockerfileText(...stages.before, [...stages.final, ...runtime(common.port, start.command)]) },
    warnings: [...serverWarnings(input, pkg), ...localStateWarnings(input.tree, pkg.all)],
  };
}

/** A server that is compiled first: the whole built folder moves, without the development dependencies. */
function builtServer(input: PlanInput, pkg: NodePackage, keep: boolean): { before: Lines[]; final: Lines } {
  const prune =
    keep || pkg.devDependencies.size === 0 || pkg.manager.prune === undefined ? undefined : `RUN ${pkg.manager.prune}`;
  return {
    before: [buildStage(input, pkg, ['RUN npm run build', prune])],
    final: [`FROM ${input.settings.bases.node}`, chownCopyFrom('/app/', '/app/')],
  };
}

/** A server that runs as written: dependencies are one layer that a change of the source leaves alone. */
function plainServer(input: PlanInput, pkg: NodePackage, keep: boolean): { before: Lines[]; final: Lines } {
  const from = `FROM ${input.settings.bases.node}`;
  if (pkg.all.size === 0) return { before: [], final: [from, chownCopy] };
  const install = keep ? pkg.manager.install : pkg.manager.installRuntime;
  if (pkg.manifests === undefined) {
    return { before: [installStage(input, pkg, install)], final: [from, chownCopyFrom('/app/', '/app/')] };
  }
  // Two layers: a change of the source leaves the packages alone. A project may have none after all, and COPY wants the folder.
  return {
    before: [[...installStage(input, pkg, install), 'RUN mkdir -p node_modules']],
    final: [from, chownCopyFrom('/app/node_modules/', '/app/node_modules/'), chownCopy],
  };
}

function buildStage(input: PlanInput, pkg: NodePackage, then: Lines): Lines {
  const rest = pkg.manifests === undefined ? [] : ['COPY [".", "./"]'];
  return [...installStage(input, pkg, pkg.manager.install), ...rest, ...then];
}

function installStage(input: PlanInput, pkg: NodePackage, install: string): Lines {
  return [
    `FROM ${input.settings.bases.node} AS build`,
    'WORKDIR /app',
    pkg.manager.tool === undefined ? undefined : `RUN ${pkg.manager.tool}`,
    pkg.manifests === undefined ? 'COPY [".", "./"]' : copy(pkg.manifests, './'),
    pkg.all.size === 0 ? undefined : `RUN ${install}`,
  ];
}

const chown = `--chown=${appUid}:${appUid}`;
const chownCopy = `COPY ${chown} [".", "/app/"]`;

function chownCopyFrom(from: string, to: string): string {
  return `COPY --from=build ${chown} ${JSON.stringify([from, to])}`.replace('","', '", "');
}

function runtime(port: number, command: string): Lines {
  return [
    'WORKDIR /app',
    `ENV NODE_ENV=production HOME=/tmp HOST=0.0.0.0 HOSTNAME=0.0.0.0 PORT=${port}`,
    `USER ${appUid}:${appUid}`,
    `EXPOSE ${port}`,
    command,
  ];
}

function serverCommon(input: PlanInput, pkg: NodePackage | undefined, why: readonly string[]) {
  const literal = literalPort(input.tree, pkg);
  const named = input.request.port !== undefined;
  const found =
    literal === undefined
      ? 'PORT is set to 8080, and Node servers listen on it by convention'
      : `written in ${literal.path}`;
  return {
    language: 'nodejs',
    why: [...input.why, ...why],
    port: input.request.port ?? literal?.port ?? 8080,
    portWhy: named ? 'named by the user' : found,
    portFollowsEnv: literal === undefined,
    user: { uid: appUid },
    readOnlyRoot: false,
  } as const;
}

function planBareFile(input: PlanInput): PlanResult {
  const entry = entryFile(input.tree);
  if (hasFile(input.tree, 'package.json')) {
    return fault('Unsupported', 'package.json is not valid JSON', 'correct package.json: npm refuses it as well');
  }
  if (entry === undefined) return entrypointFault();
  const common = serverCommon(input, undefined, [
    `${entry} is the entry point; without package.json nothing is installed`,
  ]);
  const text = dockerfileText([
    `FROM ${input.settings.bases.node}`,
    chownCopy,
    ...runtime(common.port, cmd(['node', entry])),
  ]);
  const plan = {
    ...common,
    dockerfile: { text },
    warnings: localStateWarnings(input.tree, []),
  };
  return { ok: true, plan };
}

function serverWarnings(input: PlanInput, pkg: NodePackage): string[] {
  const unlocked = pkg.manager.lockfile === undefined && pkg.all.size > 0;
  const warnings = unlocked ? ['there is no lockfile: every build may get other versions'] : [];
  const literal = literalPort(input.tree, pkg);
  if (literal !== undefined)
    warnings.push(`${literal.path} listens on ${literal.port} whatever PORT says: use process.env.PORT`);
  const entry = entryFile(input.tree, pkg) ?? '';
  if (/\.listen\([^)]{0,60}['"](?:localhost|127\.0\.0\.1)['"]/.test(input.tree.read(entry) ?? '')) {
    warnings.push(`${entry} listens on localhost only, where nobody can reach it: listen on 0.0.0.0`);
  }
  return warnings;
}

/** A port written into the entry file, when nothing there reads PORT: the commonest reason for an application nobody can reach. */
function literalPort(tree: SourceTree, pkg: NodePackage | undefined): { path: string; port: number } | undefined {
  const path = entryFile(tree, pkg);
  const text = path === undefined ? '' : (tree.read(path) ?? '');
  if (path === undefined || /env(?:\.|\[['"])PORT/.test(text)) return undefined;
  const direct = /\.listen\(\s*(?:\{\s*port\s*:\s*)?(\d{2,5})\b/.exec(text)?.[1];
  const named = /\.listen\(\s*(?:\{\s*port\b|port\b)/i.test(text)
    ? /\bport\s*=\s*(\d{2,5})\b/i.exec(text)?.[1]
    : undefined;
  const port = Number(direct ?? named);
  return port >= 1 && port <= 65535 ? { path, port } : undefined;
}

function entrypointFault(): PlanResult {
  return fault(
    'EntrypointMissing',
    'package.json has no start script, no main, and there is no server.js, index.js or app.js',
    'add a "start" script to package.json that listens on process.env.PORT',
  );
}

function svelteFault(): PlanResult {
  return fault(
    'Unsupported',
    'SvelteKit has no adapter that makes a server: adapter-auto knows hosting companies only',
    'add @sveltejs/adapter-node (a server) or @sveltejs/adapter-static (files) to package.json and svelte.config.js',
  );
}
