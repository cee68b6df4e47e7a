/** How an image is made, as data: the steps of one or two stages. One function prints them as a Dockerfile (print.ts); the layers
 * builder reads the same values, so the two cannot drift apart.
 *
 * No name from a source tree can become an instruction, an option or an expansion. Two defences, both needed: whatever is printed uses
 * the JSON form, and a string is only accepted when it is plain (`isPlain`), because COPY and WORKDIR still expand `$` and backslashes
 * inside the JSON form. */

/** Files into the image: from the source tree, or from the stage `build`. */
export interface Copy {
  readonly do: 'copy';
  readonly from: 'build' | 'source';
  readonly sources: readonly string[];
  /** With a trailing slash the content of a folder goes there. */
  readonly target: string;
  /** Owner in the image, and its group; 0 is root. */
  readonly uid: number;
}
/** A file that a rule itself writes. */
export interface Write {
  readonly do: 'write';
  readonly path: string;
  readonly text: string;
}
/** A shell command of the stage `build`. */
export interface Run {
  readonly do: 'run';
  /** `tool` fetches the package manager, `install` the dependencies, `build` runs the application's own build. */
  readonly phase: 'tool' | 'install' | 'build';
  readonly command: string;
  /** The command as the summary of a recipe shows it; the command itself when absent, nothing when empty. */
  readonly label?: string;
}
export interface Workdir {
  readonly do: 'workdir';
  readonly path: string;
}
/** What the configuration of the image says. */
export type Setting =
  | { readonly do: 'env'; readonly name: string; readonly value: string }
  | { readonly do: 'user'; readonly user: string }
  | { readonly do: 'expose'; readonly port: number }
  | { readonly do: 'entrypoint' | 'cmd'; readonly argv: readonly string[] };
export type Step = Copy | Write | Run | Workdir | Setting;

export interface Stage {
  /** Image reference that the stage begins from. */
  readonly base: string;
  readonly steps: readonly Step[];
}

/** The stage that runs commands, where there is one, and the stage that becomes the image; the latter runs nothing. */
export interface Stages {
  readonly build?: Stage;
  readonly image: Stage;
}

/** Names that mean the same to Dockerfile, shell and JSON: no space, quote, `$`, backslash, glob or control character, no leading `-`. */
export function isPlain(name: string): boolean {
  return /^[A-Za-z0-9_@.+/][A-Za-z0-9_@.+/=:~-]*$/.test(name) && !name.split('/').includes('..') && name.length <= 200;
}

/** Fails loudly when a caller forgot to check: a bug here must not become an injection. */
export function plain(name: string): string {
  if (!isPlain(name)) throw new Error(`not a plain name: ${JSON.stringify(name)}`);
  return name;
}

/** The whole source tree, into the working folder of the stage `build`. */
export const copyAll: Copy = { do: 'copy', from: 'source', sources: ['.'], target: './', uid: 0 };

/** Plain names of the source tree, into a folder. */
export function copy(sources: readonly string[], target: string, uid = 0): Copy {
  return { do: 'copy', from: 'source', sources: sources.map(plain), target: plain(target), uid };
}

/** What the stage `build` made. */
export function copyBuilt(source: string, target: string, uid = 0): Copy {
  return { do: 'copy', from: 'build', sources: [plain(source)], target: plain(target), uid };
}

export const run = (phase: Run['phase'], command: string, label?: string): Run => ({
  do: 'run',
  phase,
  command,
  ...(label !== undefined && { label }),
});
export const workdir = (path: string): Workdir => ({ do: 'workdir', path });

/** Environment variables in order; `$NAME` in a value stands for what the base has. */
export function env(variables: Readonly<Record<string, string | number>>): Setting[] {
  return Object.entries(variables).map(([name, value]) => ({ do: 'env', name, value: String(value) }));
}

/** The command in exec form: the process is PID 1's own argv, never a shell line. */
export function cmd(argv: readonly string[]): Setting & { do: 'cmd' } {
  return { do: 'cmd', argv } as const;
}

/** The command line for a process that takes its port as an option: a shell only to expand $PORT, then replaced by the process. */
export function shellCmd(words: readonly string[]): Setting & { do: 'cmd' } {
  const refused = words.find(word => !/^(?:[A-Z_]+=)?"\$PORT"$/.test(word) && !isPlain(word) && !isOption(word));
  if (refused !== undefined) throw new Error(`not a plain word: ${JSON.stringify(refused)}`);
  return cmd(['sh', '-c', `exec ${words.join(' ')}`]);
}

/** The last steps of every image: who runs, where, on which port. */
export function runtime(uid: number, port: number): Setting[] {
  return [
    { do: 'user', user: `${uid}:${uid}` },
    { do: 'expose', port },
  ];
}

function isOption(word: string): boolean {
  return /^--[a-z][A-Za-z.-]*(?:=[A-Za-z0-9_.:/-]+)?$/.test(word);
}
