/** What starts a Python application: its framework's server, found by reading the sources, else its main file. */
import { findApplication, importPath, mainFiles } from './python-application.ts';
import { projectScript } from './python-scripts.ts';
import { filesEndingIn, firstFile, folderOf, hasFile, type SourceTree } from './source-tree.ts';
import { cmd, isPlain, type Setting, shellCmd } from './steps.ts';

/** A way to start the application. */
export interface PythonStart {
  readonly framework?: string;
  readonly command: Setting & { do: 'cmd' };
  readonly why: string;
  /** What the command needs; installed when the project does not declare it. */
  readonly needs: readonly string[];
  readonly port: number;
  /** Whether the command hands PORT to the application by itself. */
  readonly followsPort: boolean;
  readonly warnings: readonly string[];
}

/** Server versions for projects that declare none. */
export const gunicorn = 'gunicorn==23.0.0';
export const uvicorn = 'uvicorn==0.38.0';
/** What uvicorn answers WebSockets with. */
const websockets = 'websockets==15.0.1';

/** Package, and the class that makes an application. */
const asgiFrameworks = [
  ['fastapi', 'FastAPI'],
  ['starlette', 'Starlette'],
  ['litestar', 'Litestar'],
  ['quart', 'Quart'],
  ['sanic', 'Sanic'],
] as const;
const wsgiFrameworks = [
  ['flask', 'Flask'],
  ['dash', 'Dash'],
  ['bottle', 'Bottle'],
  ['falcon', 'App'],
] as const;
/** Package, and the call that starts its own server. */
const ownServers = [
  ['nicegui', 'ui.run('],
  ['aiohttp', 'web.run_app('],
  ['fasthtml', 'serve('],
  ['tornado', '.listen('],
  ['cherrypy', 'cherrypy.quickstart('],
] as const;

/** The names of all of them, for people. */
export const pythonFrameworks: readonly string[] = [
  'django',
  'streamlit',
  'gradio',
  'chainlit',
  ...[...asgiFrameworks, ...wsgiFrameworks, ...ownServers].map(([name]) => name),
];

/** The first way that fits: Django, Streamlit, ASGI, WSGI, Gradio, a main file, the command of a package. */
export function pythonStart(tree: SourceTree, names: ReadonlySet<string>): PythonStart | undefined {
  return (
    django(tree, names) ??
    streamlit(tree, names) ??
    asgi(tree) ??
    wsgi(tree) ??
    gradio(tree) ??
    chainlit(tree) ??
    ownServer(tree) ??
    mainFile(tree) ??
    script(tree)
  );
}

/** Whether some file looks like the start of an application; the cheap half of pythonStart. */
export function mainPythonFile(tree: SourceTree): string | undefined {
  return firstFile(tree, [
    'manage.py',
    ...mainFiles,
    ...['app', 'src', 'api', 'backend'].flatMap(folder => mainFiles.map(file => `${folder}/${file}`)),
  ]);
}

function django(tree: SourceTree, names: ReadonlySet<string>): PythonStart | undefined {
  const settings = /DJANGO_SETTINGS_MODULE['"]\]?[ \t\r\n]{0,40}[,=][ \t\r\n]{0,40}['"]([\w.]+)['"]/.exec(
    tree.read('manage.py') ?? '',
  )?.[1];
  if (settings === undefined) return undefined;
  const folder = settings.split('.')[0] ?? '';
  const inside = (file: string) =>
    [`${settings.replace(/\.?settings.*/s, '').replaceAll('.', '/')}/${file}`, `${folder}/${file}`].find(path =>
      hasFile(tree, path),
    );
  const asgiFile = ['channels', 'daphne', 'uvicorn', 'hypercorn'].some(name => names.has(name)) && inside('asgi.py');
  const module = (asgiFile || (inside('wsgi.py') ?? `${folder}/wsgi.py`)).replace(/\.py$/, '').replaceAll('/', '.');
  const server = asgiFile ? 'uvicorn' : 'gunicorn';
  return {
    framework: 'django',
    command: asgiFile
      ? shellCmd(['uvicorn', `${module}:application`, '--host', '0.0.0.0', '--port', '"$PORT"'])
      : cmd(['gunicorn', '--worker-tmp-dir', '/tmp', '--workers', '2', `${module}:application`]),
    why: `manage.py names ${settings}: ${server} serves ${module}`,
    needs: asgiFile ? [uvicorn, websockets] : [gunicorn],
    port: 8000,
    followsPort: true,
    warnings: [
      'Django answers 400 to every host that ALLOWED_HOSTS does not name, migrations are not run, and static files need whitenoise or the like',
    ],
  };
}

function streamlit(tree: SourceTree, names: ReadonlySet<string>): PythonStart | undefined {
  const isApp = (text: string, file: string) =>
    !/(?:^|\/)pages\//.test(file) && /^[ \t]*(?:import|from)[ \t]+streamlit\b/m.test(text);
  const path = fileWith(tree, isApp, ['streamlit_app.py', ...mainFiles, 'Home.py']);
  if (path === undefined) return undefined;
  const options = [
    '--server.port',
    '"$PORT"',
    '--server.address',
    '0.0.0.0',
    '--server.headless',
    'true',
    '--browser.gatherUsageStats',
    'false',
  ];
  return {
    framework: 'streamlit',
    command: shellCmd(['streamlit', 'run', path, ...options]),
    why: `${path} imports streamlit`,
    needs: names.has('streamlit') ? [] : ['streamlit'],
    port: 8501,
    followsPort: true,
    warnings: [],
  };
}

function gradio(tree: SourceTree): PythonStart | undefined {
  const path = fileWith(tree, text => /^[ \t]*(?:import|from)[ \t]+gradio\b/m.test(text));
  if (path === undefined) return undefined;
  return {
    framework: 'gradio',
    command: shellCmd(['env', 'GRADIO_SERVER_NAME=0.0.0.0', 'GRADIO_SERVER_PORT="$PORT"', 'python3', path]),
    why: `${path} imports gradio`,
    needs: ['gradio'],
    port: 7860,
    followsPort: true,
    warnings: [],
  };
}

function asgi(tree: SourceTree): PythonStart | undefined {
  for (const [framework, type] of asgiFrameworks) {
    const found = findApplication(tree, type);
    if (found === undefined) continue;
    const { folder, module } = importPath(tree, found.path);
    const factory = found.expression.endsWith('()');
    const target = `${module}:${factory ? found.expression.slice(0, -2) : found.expression}`;
    const words = [
      'uvicorn',
      ...(factory ? ['--factory'] : []),
      ...(folder === '' ? [] : ['--app-dir', folder]),
      target,
    ];
    return {
      framework,
      command: shellCmd([...words, '--host', '0.0.0.0', '--port', '"$PORT"']),
      why: `${found.path} makes a ${type} application: uvicorn serves ${target}`,
      needs: [framework, uvicorn],
      port: 8000,
      followsPort: true,
      warnings: [],
    };
  }
  return undefined;
}

function wsgi(tree: SourceTree): PythonStart | undefined {
  for (const [framework, type] of wsgiFrameworks) {
    const found = findApplication(tree, type, framework === 'falcon' ? 'falcon' : undefined);
    if (found === undefined) continue;
    const { folder, module } = importPath(tree, found.path);
    const expression = framework === 'dash' ? `${found.expression}.server` : found.expression;
    const chdir = folder === '' ? [] : ['--chdir', folder];
    return {
      framework,
      command: cmd([
        'gunicorn',
        '--worker-tmp-dir',
        '/tmp',
        '--workers',
        '1',
        '--threads',
        '8',
        ...chdir,
        `${module}:${expression}`,
      ]),
      why: `${found.path} makes a ${type} application: gunicorn serves ${module}:${expression}`,
      needs: [framework, gunicorn],
      port: 8000,
      followsPort: true,
      warnings: [],
    };
  }
  return undefined;
}

function chainlit(tree: SourceTree): PythonStart | undefined {
  const path = fileWith(tree, text => /^[ \t]*import[ \t]+chainlit\b/m.test(text));
  if (path === undefined) return undefined;
  return {
    framework: 'chainlit',
    command: shellCmd(['chainlit', 'run', path, '--headless', '--host', '0.0.0.0', '--port', '"$PORT"']),
    why: `${path} imports chainlit`,
    needs: ['chainlit'],
    port: 8000,
    followsPort: true,
    warnings: [],
  };
}

/** A file, whatever its name, that starts the server of its own framework. */
function ownServer(tree: SourceTree): PythonStart | undefined {
  for (const [framework, call] of ownServers) {
    const path = fileWith(tree, text => {
      const imported = [...text.matchAll(/^(?:import|from)[ \t]{1,8}(\w{1,60})/gm)];
      return text.includes(call) && imported.some(match => match[1] === framework);
    });
    if (path !== undefined)
      return { ...startOf(tree, path), framework, why: `${path} starts ${framework} by ${call})` };
  }
  return undefined;
}

/** The first Python file whose text is right: those of usual names, then the shallowest. Only a plain name can be started. */
function fileWith(
  tree: SourceTree,
  isRight: (text: string, file: string) => boolean,
  first: readonly string[] = mainFiles,
): string | undefined {
  const candidates = [...first, ...filesEndingIn(tree, '.py')];
  return candidates.find(file => isPlain(file) && isRight(tree.read(file) ?? '', file));
}

/** One process that the project starts by itself, with whatever port it chose. */
function mainFile(tree: SourceTree): PythonStart | undefined {
  const path = mainPythonFile(tree) ?? onlyFile(tree);
  return path === undefined || !isPlain(path) ? undefined : startOf(tree, path);
}

function startOf(tree: SourceTree, path: string): PythonStart {
  const text = tree.read(path) ?? '';
  const literal = Number(
    /(?:\bport\s*=\s*|(?:HTTPServer|TCPServer)\(\s*\(\s*['"][^'"]*['"]\s*,\s*)(\d{2,5})\b/i.exec(text)?.[1],
  );
  const fixed = literal >= 1 && literal <= 65535 && !/environ|getenv/.test(text);
  return {
    command: cmd(['python3', path]),
    why: `${path} is the entry point`,
    needs: [],
    port: fixed ? literal : 8080,
    followsPort: !fixed,
    warnings: fixed ? [`${path} listens on ${literal} whatever PORT says: read it from os.environ["PORT"]`] : [],
  };
}

/** The command that the project installs for itself. */
function script(tree: SourceTree): PythonStart | undefined {
  const command = projectScript(tree.read('pyproject.toml') ?? '');
  if (command === undefined) return undefined;
  const why = `pyproject.toml installs the command ${command}`;
  return { command: cmd([command]), why, needs: [], port: 8080, followsPort: true, warnings: [] };
}

function onlyFile(tree: SourceTree): string | undefined {
  const files = tree.paths.filter(path => path.endsWith('.py') && folderOf(path) === '');
  return files.length === 1 ? files[0] : undefined;
}
