/** Nx repositories with one package.json at the root: a project.json describes each application. */
import type { RuleInput } from './model.ts';
import { severalApps, unknownProject } from './node-faults.ts';
import type { Choice } from './node-member.ts';
import type { NodePackage } from './node-package.ts';
import type { BundledSite } from './node-static.ts';
import { firstFile, folderOf, isRecord, readJson, type SourceTree } from './source-tree.ts';
import { isPlain } from './steps.ts';

interface Project {
  readonly name: string;
  readonly folder: string;
  /** The target `build`, empty where Nx infers it from the configuration of a bundler. */
  readonly build: Readonly<Record<string, unknown>>;
}

const most = 200;
const aside = /(?:^|[/-])(?:e2e|docs|storybook)$/;

/** The application of an Nx repository and how it is built; undefined where no project is asked for, and the root tells. */
export function chooseProject(input: RuleInput, pkg: NodePackage): Choice | undefined {
  if (!pkg.all.has('nx') || readJson(input.tree, 'nx.json') === undefined) return undefined;
  const projects = projectsOf(input.tree);
  const start = pkg.scripts.start?.trim() ?? 'nx serve';
  const isNx = /^(?:npx )?nx\s/.test(start);
  const named = projects.find(({ folder }) => folder === input.request.path);
  if (named === undefined && !isNx) return undefined;
  const words = start.split(/[\s:]+/);
  const byDefault = readJson(input.tree, 'nx.json')?.defaultProject;
  const chosen =
    named ?? projects.find(({ name }) => words.includes(name)) ?? projects.find(({ name }) => name === byDefault);
  const [only, another] = projects;
  if (chosen === undefined && another !== undefined) return severalApps(projects.map(({ folder }) => folder));
  const project = chosen ?? only;
  if (project === undefined) return undefined;
  return choiceOf(input, pkg, project) ?? unknownProject(project.folder);
}

function projectsOf(tree: SourceTree): Project[] {
  const found = tree.paths
    .filter(path => path.endsWith('/project.json') && !path.includes('node_modules/'))
    .slice(0, most);
  return found.flatMap(path => {
    const project = readJson(tree, path);
    const folder = folderOf(path);
    if (project?.projectType !== 'application' || aside.test(folder) || !isPlain(folder)) return [];
    const name = typeof project.name === 'string' ? project.name : (folder.split('/').at(-1) ?? folder);
    const build = isRecord(project.targets) && isRecord(project.targets.build) ? project.targets.build : {};
    return isPlain(name) ? [{ name, folder, build }] : [];
  });
}

/** The files that the build leaves, and what is done with them; undefined for a builder that is not known. */
function choiceOf(input: RuleInput, pkg: NodePackage, project: Project): Choice | undefined {
  const { name, folder, build } = project;
  const kind = kindOf(input.tree, project);
  const output = outputOf(input.tree, project, kind);
  if (kind === undefined || !isPlain(output)) return undefined;
  const isConfigured = isRecord(build.configurations) && build.configurations.production !== undefined;
  const command = `NX_DAEMON=false npx nx build ${name}${isConfigured ? ' --configuration=production' : ''}`;
  const place = { folder: '', builds: [command] };
  const why = [...input.why, `${folder}/project.json describes the application, and Nx builds it into ${output}/`];
  const chosen = { ok: true, input: { ...input, why } } as const;
  const { manifests: _, ...rest } = pkg;
  if (kind === 'site') return { ...chosen, pkg: { ...rest, place }, site: siteOf(output) };
  const start = kind === 'next' ? `node node_modules/next/dist/bin/next start ${output}` : `node ${output}/main.js`;
  return { ...chosen, pkg: { ...rest, scripts: { start }, place } };
}

const siteOf = (output: string): BundledSite => ({
  framework: 'nx',
  output,
  spaFallback: true,
  why: `the pages in ${output}/ are served as static files`,
});

type Kind = 'next' | 'server' | 'site' | undefined;

function kindOf(tree: SourceTree, { folder, build }: Project): Kind {
  const executor = String(build.executor ?? '');
  const options = isRecord(build.options) ? build.options : {};
  if (executor.includes('/next:') || (executor === '' && hasConfig(tree, folder, 'next'))) return 'next';
  if (/\/vite:|build-angular:|\/angular|\/web:/.test(executor) || options.target === 'web') return 'site';
  if (/\/(?:node|webpack|esbuild|express|nest):/.test(executor)) return 'server';
  if (executor !== '') return undefined;
  if (hasConfig(tree, folder, 'vite')) return 'site';
  return hasConfig(tree, folder, 'webpack') ? 'server' : undefined;
}

const hasConfig = (tree: SourceTree, folder: string, tool: string): boolean =>
  configOf(tree, folder, tool) !== undefined;

const configOf = (tree: SourceTree, folder: string, tool: string): string | undefined =>
  firstFile(
    tree,
    ['js', 'ts', 'mjs', 'mts', 'cjs'].map(end => `${folder}/${tool}.config.${end}`),
  );

/** Where the target or the configuration of the bundler says that the files go; Next stays in its folder where Nx infers the build. */
function outputOf(tree: SourceTree, { folder, build }: Project, kind: Kind): string {
  const options = isRecord(build.options) ? build.options : {};
  const { outputPath } = options;
  const browser = /:application$/.test(String(build.executor ?? '')) ? '/browser' : '';
  if (typeof outputPath === 'string') return `${outputPath}${browser}`;
  if (build.executor !== undefined) return `dist/${folder}${browser}`;
  if (kind === 'next') return folder;
  const config = configOf(tree, folder, kind === 'site' ? 'vite' : 'webpack') ?? '';
  const text = tree.read(config) ?? '';
  const above = /(?:outDir|path)\s{0,4}:[^\n'"]{0,60}['"](?:\.\.\/){1,8}([\w./-]{1,100})['"]/.exec(text)?.[1];
  return above ?? `${folder}/dist`;
}
