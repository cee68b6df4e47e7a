// Causes that a log names in the same words whether the build or the app printed it: a missing module, library or tool, a script
// with Windows line ends, a program of another architecture. Patterns are what the tools print.
import type { Reason } from '@vibed/crds';

export interface Explanation {
  reason: Reason;
  message: string;
  remedy: string;
}

/** A cause without a reason keeps the reason of its step: BuildFailed or CrashLoop. */
export interface Cause {
  reason?: Reason;
  message: string;
  remedy: string;
}

/** A pattern, and what it means. The pattern's groups are the arguments. */
export interface Rule {
  pattern: RegExp;
  cause: (first: string, second: string) => Cause | undefined;
}

/** The cause of the first rule that matches and has one. */
export function causeOf(log: string, rules: readonly Rule[]): Cause | undefined {
  for (const { pattern, cause } of rules) {
    const match = pattern.exec(log);
    const found = match === null ? undefined : cause(match[1] ?? match[2] ?? match[3] ?? '', match[2] ?? '');
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The explanation of a known failure, made exact by the cause. */
export const explained = (known: Explanation, cause: Cause | undefined): Explanation =>
  cause === undefined ? known : { reason: known.reason, ...cause };

const windowsLineEnds: Cause = {
  message: 'a script has Windows line ends (CR LF), so its interpreter is not found',
  remedy: 'Save the script with LF line ends (dos2unix, or "* text=auto eol=lf" in .gitattributes) and deploy again.',
};

const otherArchitecture = (program: string): Cause => ({
  message: `${program === '' ? 'a program' : program} cannot be executed here: it is built for another processor architecture, or it is a script without a #! line`,
  remedy:
    'Build the program in the image (not on your own machine) for the architecture of the cluster’s nodes, or give the script a first line such as #!/bin/sh.',
});

/** What a container runtime says of a script that is there, while what its first line names is not. */
const missingInterpreter = (script: string): Cause => ({
  message: `${script} cannot be executed: the interpreter in its first line is not in the image`,
  remedy:
    'Save the script with LF line ends (with CR LF the interpreter’s name ends in a carriage return), and name an interpreter that the image has, such as #!/bin/sh.',
});

/** Debian packages by the beginning of the library's name. */
const packagesOfLibraries: readonly (readonly [library: string, debian: string, instead?: string])[] = [
  ['libGL.so', 'libgl1', 'opencv-python-headless instead of opencv-python'],
  ['libgthread-2.0.so', 'libglib2.0-0', 'opencv-python-headless instead of opencv-python'],
  ['libglib-2.0.so', 'libglib2.0-0', 'opencv-python-headless instead of opencv-python'],
  ['libgobject-2.0.so', 'libglib2.0-0'],
  ['libgomp.so', 'libgomp1'],
  ['libpq.so', 'libpq5', 'psycopg2-binary instead of psycopg2'],
  ['libSM.so', 'libsm6'],
  ['libXext.so', 'libxext6'],
  ['libXrender.so', 'libxrender1'],
  ['libnss3.so', 'libnss3'],
  ['libnspr4.so', 'libnspr4'],
  ['libgbm.so', 'libgbm1'],
  ['libasound.so', 'libasound2'],
  ['libatk-1.0.so', 'libatk1.0-0'],
  ['libcairo.so', 'libcairo2'],
  ['libpango-1.0.so', 'libpango-1.0-0'],
  ['libpangoft2-1.0.so', 'libpangoft2-1.0-0'],
  ['libmagic.so', 'libmagic1'],
  ['libmariadb.so', 'libmariadb3'],
  ['libsndfile.so', 'libsndfile1'],
  ['libportaudio.so', 'libportaudio2'],
  ['libodbc.so', 'unixodbc'],
  ['libstdc++.so', 'libstdc++6'],
  ['libxml2.so', 'libxml2'],
  ['libvips.so', 'libvips42'],
];

function missingLibrary(library: string): Cause {
  const [, debian, instead] = packagesOfLibraries.find(([name]) => library.startsWith(name)) ?? [];
  const dockerfile =
    debian === undefined
      ? 'Add a Dockerfile that installs the Debian package with this library'
      : `Add a Dockerfile that installs the Debian package ${debian} (RUN apt-get update && apt-get install -y ${debian})`;
  return {
    reason: 'DependencyMissing',
    message: `the shared library ${library} is not in the image${debian === undefined ? '' : ` (Debian package ${debian})`}`,
    remedy: `${instead === undefined ? '' : `Use ${instead}, which does not need the library. Otherwise: `}${dockerfile}.`,
  };
}

/** Python packages whose modules have another name. */
const packagesOfModules = new Map([
  ['cv2', 'opencv-python-headless'],
  ['PIL', 'pillow'],
  ['sklearn', 'scikit-learn'],
  ['yaml', 'pyyaml'],
  ['bs4', 'beautifulsoup4'],
  ['dotenv', 'python-dotenv'],
  ['MySQLdb', 'mysqlclient'],
  ['psycopg2', 'psycopg2-binary'],
  ['jwt', 'pyjwt'],
  ['dateutil', 'python-dateutil'],
  ['pkg_resources', 'setuptools'],
  ['distutils', 'setuptools'],
  ['flask_cors', 'flask-cors'],
  ['flask_sqlalchemy', 'flask-sqlalchemy'],
  ['rest_framework', 'djangorestframework'],
  ['corsheaders', 'django-cors-headers'],
]);

function missingPythonModule(module: string): Cause {
  const [top = module] = module.split('.');
  return {
    reason: 'DependencyMissing',
    message: `the dependency ${module} could not be found: Python has no module of this name`,
    remedy: `Add ${packagesOfModules.get(top) ?? top} to requirements.txt (or pyproject.toml). If ${top} is a file or folder of your own, check its name and the folder it is in.`,
  };
}

const isOwnFile = (module: string) => /^(?:[./#]|@\/|~\/|file:)/.test(module);

function missingNodeModule(module: string): Cause | undefined {
  if (isOwnFile(module)) return undefined;
  return {
    reason: 'DependencyMissing',
    message: `the dependency ${module} could not be found`,
    remedy: `Add ${module} to "dependencies" in package.json (npm install ${module}), send the lockfile along, and deploy again.`,
  };
}

const olderNode = (module: string): Cause => ({
  reason: 'DependencyMissing',
  message: `this version of Node.js has no built-in module ${module}`,
  remedy: 'Ask for a newer Node.js in "engines" of package.json, or use a package from npm instead.',
});

const pythonTools =
  /^(?:gunicorn|uvicorn|hypercorn|daphne|flask|streamlit|gradio|celery|alembic|waitress-serve|fastapi|pytest)$/;
/** Programs of the operating system, with the Debian package where its name is another one. */
const systemTools = new Map([
  ['pg_config', 'libpq-dev'],
  ['mysql_config', 'default-libmysqlclient-dev'],
  ['cc', 'build-essential'],
  ['gcc', 'build-essential'],
  ['g++', 'build-essential'],
  ['make', 'build-essential'],
  ['convert', 'imagemagick'],
  ['magick', 'imagemagick'],
  ['psql', 'postgresql-client'],
  ['mysql', 'default-mysql-client'],
  ['python', 'python3'],
  ['java', 'default-jre-headless'],
  ['node', 'nodejs'],
  ['php', 'php-cli'],
  ['protoc', 'protobuf-compiler'],
  ...['bash', 'chromium', 'cmake', 'curl', 'ffmpeg', 'git', 'jq', 'perl', 'python3', 'ruby', 'sqlite3'].map(same),
  ...['tesseract-ocr', 'unzip', 'wget', 'zip', 'rsync', 'openssl', 'pandoc', 'graphviz'].map(same),
  ['tesseract', 'tesseract-ocr'],
]);

function same(name: string): [string, string] {
  return [name, name];
}

/** A program that a command names and the image does not have; shells end with the exit code 127. */
function missingTool(tool: string): Cause | undefined {
  if (tool === '') return windowsLineEnds;
  const name = tool.slice(tool.lastIndexOf('/') + 1);
  return {
    reason: 'DependencyMissing',
    message: `the command ${tool} was not found in the image (exit code 127)`,
    remedy: toolRemedy(name, tool),
  };
}

function toolRemedy(name: string, tool: string): string {
  const debian = systemTools.get(name);
  if (debian !== undefined)
    return `Add a Dockerfile that installs the Debian package ${debian} (RUN apt-get update && apt-get install -y ${debian}), or do without ${name}.`;
  if (pythonTools.test(name)) return `Add ${name} to requirements.txt (or pyproject.toml) and deploy again.`;
  if (tool.includes('/'))
    return `Check that the source has the file ${tool} and that the command names its right path.`;
  return `Declare ${name}: in "dependencies" or "devDependencies" of package.json for a Node.js tool, in requirements.txt for a Python one; a program of the operating system needs a Dockerfile that installs it.`;
}

/** The rules of both steps. The more exact ones come first: a missing library is also a failed import. */
export const commonRules: readonly Rule[] = [
  {
    pattern:
      /^(?:\/usr\/bin\/)?env: (?:['‘]?[\w./-]{1,80}(?:\\r|\^M)|can't execute '[\w./-]{1,80}\\r)|\^M: bad interpreter|\$'\\r': command not found|^[^\s:]{1,80}: (?:line )?\d{1,5}: (?:\\r)?: (?:command )?not found|^env: use -\[v\]S to pass options in shebang lines/m,
    cause: () => windowsLineEnds,
  },
  {
    pattern:
      /^(?:[^\n]{0,80}?(?:exec |exec: |fork\/exec |: ))?"?([\w./+-]{0,200})"?: (?:cannot execute binary file: )?[Ee]xec format error/m,
    cause: otherArchitecture,
  },
  { pattern: /^exec ([\w./+-]{1,200}): no such file or directory$/m, cause: missingInterpreter },
  {
    pattern: /\b(lib[\w+.-]{1,80}\.so[\d.]{0,20}): cannot open shared object file/,
    cause: missingLibrary,
  },
  { pattern: /Error loading shared library (lib[\w+.-]{1,80}\.so[\d.]{0,20}):/, cause: missingLibrary },
  { pattern: /No module named '([\w.]{1,200})'/, cause: missingPythonModule },
  { pattern: /No module named ([\w.]{1,200})$/m, cause: missingPythonModule },
  { pattern: /No such built-in module: (node:[\w/]{1,80})/, cause: olderNode },
  { pattern: /Cannot find (?:module|package) '([^'\n]{1,200})'/, cause: missingNodeModule },
  {
    pattern:
      /^(?:\/bin\/|\/usr\/bin\/)?(?:sh|ash|dash|bash|zsh): (?:line )?(?:\d{1,5}: )?([\w.@+/-]{1,100}): (?:command )?not found/m,
    cause: missingTool,
  },
  { pattern: /^[\w./-]{1,100}: (?:line )?\d{1,5}: ([\w.@+/-]{1,100}): (?:command )?not found/m, cause: missingTool },
  { pattern: /\bspawn ([\w.@+/-]{1,100}) ENOENT/, cause: missingTool },
  {
    pattern: /^(?:\/usr\/bin\/)?env: (?:can't execute )?['‘]([\w.@+/-]{1,100})['’]: No such file/m,
    cause: missingTool,
  },
  { pattern: /exec: "([\w.@+/-]{1,100})": executable file not found/, cause: missingTool },
  { pattern: /FileNotFoundError: \[Errno 2\] No such file or directory: '([\w-]{1,60})'$/m, cause: missingTool },
];
