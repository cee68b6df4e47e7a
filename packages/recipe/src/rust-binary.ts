/** Which program of a Cargo project a deploy starts: found by what it is called and what it does, or asked for. */
import { fault, type Refusal } from './model.ts';
import { opensPort } from './rust-port.ts';
import { type Binary, type RustPackage, type RustProject, sourcesOf } from './rust-workspace.ts';
import { listed, listedFirst, shown } from './shown.ts';
import { joined } from './source-tree.ts';

/** The program to start, and the reason where there was a choice; or the refusal that names the candidates. */
export type ChosenBinary = { readonly binary: Binary; readonly why?: string } | Refusal;

/** Chooses among the programs of the member that the user named, else of the whole project. */
export function chosenBinary(project: RustProject, member: string | undefined): ChosenBinary {
  const packages = packagesOf(project, member);
  const binaries = packages.flatMap(each => each.binaries);
  const [only] = binaries;
  if (only === undefined) return noBinary(project, packages);
  if (binaries.length === 1) return { binary: only };
  if (binaries.length > compared) return several(project, binaries, []);
  const [run, ...others] = packages.filter(each => each.binaries.length > 0 && each.defaultRun !== undefined);
  const wanted = others.length === 0 ? run?.binaries.find(({ name }) => name === run.defaultRun) : undefined;
  if (wanted !== undefined) return { binary: wanted, why: 'default-run names it' };
  const servers = binaries.filter(each => opensPort(textsOf(project, each)));
  const [server] = servers;
  if (server !== undefined && servers.length === 1) return { binary: server, why: 'it alone opens a port' };
  const usual = preferred(servers.length > 0 ? servers : binaries);
  if (usual === undefined) return several(project, binaries, servers);
  return { binary: usual, why: `of ${binaries.length} programs this is the usual one` };
}

/** The text of the files of a program. */
export const textsOf = ({ tree }: RustProject, binary: Binary): string[] =>
  sourcesOf(tree, binary).map(path => tree.read(path) ?? '');

/** Programs that are compared: each is read with the files beside it. */
const compared = 30;

/** The packages that a deploy may mean: the named one, those of `default-members`, the one at the root, or the members. */
function packagesOf({ root, members, defaults }: RustProject, member: string | undefined): readonly RustPackage[] {
  if (member !== undefined) return members.filter(({ folder }) => folder === member);
  const hasProgram = ({ binaries }: RustPackage) => binaries.length > 0;
  const usual = members.filter(each => defaults.includes(each.folder) && hasProgram(each));
  if (usual.length > 0) return usual;
  if (root !== undefined && hasProgram(root)) return [root];
  const programs = members.filter(hasProgram);
  const own = programs.filter(({ folder }) => !folder.split('/').some(part => aside.test(part)));
  if (own.length > 0) return own;
  return programs.length > 0 ? programs : [...(root === undefined ? [] : [root]), ...members];
}

/** Members for the developers of a workspace. */
const aside = /^(?:xtask|examples?|tools?|tests?|e2e|fuzz|bench(?:es|marks?)?|samples?)$/;

/** The src/main.rs of a single package, or the only program whose name says that it serves. */
function preferred(binaries: readonly Binary[]): Binary | undefined {
  const mains = binaries.filter(each => each.file === joined(each.package.folder, 'src/main.rs'));
  const isOnePackage = binaries.every(each => each.package === binaries[0]?.package);
  if (isOnePackage && mains.length === 1) return mains[0];
  const named = binaries.filter(({ name }) => /^(?:.*[-_])?(?:server|web|api|app|backend)$/.test(name));
  return named.length === 1 ? named[0] : undefined;
}

function noBinary({ root, isWorkspace }: RustProject, packages: readonly RustPackage[]): Refusal {
  const remedy = 'add a src/main.rs that serves HTTP on the port in $PORT, or bring a Dockerfile';
  const names = packages.slice(0, 5).map(({ name }) => shown(name));
  if (names.length > 0) {
    const what = names.length === 1 ? 'is a library' : 'are libraries';
    const where = isWorkspace && root === undefined ? 'src/main.rs or [[bin]] in a member' : 'src/main.rs or [[bin]]';
    return fault('EntrypointMissing', `${listed(names)} ${what}: there is no program (${where}) to start`, remedy);
  }
  const message = isWorkspace
    ? 'the Cargo workspace has no member: no folder that `members` lists has a Cargo.toml with a [package]'
    : 'Cargo.toml has no [package] and no [workspace]';
  return fault('EntrypointMissing', message, 'send the whole workspace, with a [package] that has a src/main.rs');
}

function several(project: RustProject, binaries: readonly Binary[], servers: readonly Binary[]): Refusal {
  const nameOf = (binary: Binary) => {
    const { folder } = binary.package;
    return folder === '' ? shown(binary.name) : `${shown(binary.name)} (${shown(folder)})`;
  };
  const all = listedFirst(binaries.map(nameOf));
  const listening =
    servers.length === 0 ? 'none of them opens a port' : `${listed(servers.slice(0, 5).map(nameOf))} open ports`;
  const byFolder = new Set(binaries.map(each => each.package)).size > 1 && project.isWorkspace;
  const choice = byFolder
    ? 'set spec.build.path (`build_path` in the tools) to the folder of the member to start, or name it in `default-members` of [workspace]'
    : 'name one in `default-run` of [package]';
  return fault(
    'EntrypointMissing',
    `cargo makes ${binaries.length} programs, ${all}, and nothing says which of them to start; ${listening}`,
    `choose one: ${choice}`,
  );
}
