/** Python projects, each with the answer it must get. */
import type { Entry, Planned } from './entry.ts';

const project = (more = '') => `[project]\nname = "x"\nversion = "1"\ndependencies = ["flask"]\n${more}`;
const flask = 'from flask import Flask\napp = Flask(__name__)\n';

function entry(name: string, files: Entry['files'], expect: Omit<Planned, 'language'>): Entry {
  return { name, files, expect: { language: 'python', ...expect } };
}

const locked: readonly Entry[] = [
  entry(
    'uv lock',
    { 'pyproject.toml': project(), 'uv.lock': '', 'app.py': flask },
    { framework: 'flask', runs: ['uv sync --no-cache --frozen --no-dev --no-install-project'] },
  ),
  entry(
    'uv lock beside requirements.txt',
    { 'pyproject.toml': project(), 'uv.lock': '', 'requirements.txt': 'flask\n', 'app.py': flask },
    { says: ['uv.lock'], runs: ['uv sync'] },
  ),
  entry(
    'uv workspace',
    { 'pyproject.toml': project('[tool.uv.workspace]\nmembers = ["a"]\n'), 'uv.lock': '', 'app.py': flask },
    { runs: ['--all-packages'] },
  ),
  entry(
    'uv package below src',
    { 'pyproject.toml': project('[build-system]\n'), 'uv.lock': '', 'src/x/__init__.py': '', 'src/x/main.py': flask },
    { runs: ['uv sync', '--no-deps .'] },
  ),
  entry(
    'poetry 2 lock',
    { 'pyproject.toml': project(), 'poetry.lock': '', 'app.py': flask },
    { runs: ['poetry install --no-root'] },
  ),
  entry('pdm lock', { 'pyproject.toml': project(), 'pdm.lock': '', 'app.py': flask }, { runs: ['pdm sync --prod'] }),
  entry(
    'Pipfile lock',
    { Pipfile: '[packages]\nflask = "*"\n', 'Pipfile.lock': '{}', 'app.py': flask },
    { runs: ['pipenv install --deploy'] },
  ),
  entry('requirements.in alone', { 'requirements.in': 'flask\n', 'app.py': flask }, { runs: ['-r requirements.in'] }),
  entry(
    'dynamic dependencies',
    { 'pyproject.toml': '[project]\nname = "x"\ndynamic = ["version", "dependencies"]\n', 'app.py': flask },
    { says: ['installs the project'], runs: ['pip-version-check .'] },
  ),
  entry(
    'setup.py',
    { 'setup.py': 'setup(install_requires=[\n"flask",\n])', 'app.py': flask },
    { says: ['setup.py'], runs: ['pip-version-check .'] },
  ),
];

const requirements = (names: string, code: string, more = {}) => ({
  'requirements.txt': names,
  'app.py': code,
  ...more,
});

const starts: readonly Entry[] = [
  entry(
    'factory with get_',
    requirements('fastapi\n', 'from fastapi import FastAPI\ndef get_app():\n    return FastAPI()\n'),
    { framework: 'fastapi', runs: ['--factory app:get_app'] },
  ),
  entry(
    'factory create_application',
    requirements('flask\n', 'from flask import Flask\ndef create_application():\n    return Flask(__name__)\n'),
    { runs: ['app:create_application()'] },
  ),
  entry('application named api', requirements('fastapi\n', 'from fastapi import FastAPI\napi = FastAPI()\n'), {
    runs: ['app:api'],
  }),
  entry('Sanic', requirements('sanic\n', 'from sanic import Sanic\napp = Sanic("x")\n'), { framework: 'sanic' }),
  entry('NiceGUI', requirements('nicegui\n', 'from nicegui import ui\nui.run(port=8090)\n'), {
    framework: 'nicegui',
    says: ['8090'],
  }),
  entry('aiohttp', requirements('aiohttp\n', 'from aiohttp import web\nweb.run_app(web.Application())\n'), {
    framework: 'aiohttp',
  }),
  entry(
    'FastHTML',
    requirements('python-fasthtml\n', 'from fasthtml.common import *\napp, rt = fast_app()\nserve()\n'),
    { framework: 'fasthtml' },
  ),
  entry('Chainlit', requirements('chainlit\n', 'import chainlit as cl\n'), {
    framework: 'chainlit',
    runs: ['chainlit run app.py'],
  }),
  entry(
    'Streamlit with pages',
    {
      'requirements.txt': 'streamlit\n',
      'Home.py': 'import streamlit as st\n',
      'pages/a.py': 'import streamlit as st\n',
    },
    { runs: ['streamlit run Home.py'], never: ['pages/a.py'] },
  ),
  entry('Procfile', requirements('flask\n', flask, { Procfile: 'web: gunicorn app:app --bind 0.0.0.0:$PORT\n' }), {
    says: ['Procfile'],
    runs: ['exec gunicorn app:app --bind 0.0.0.0:$PORT', 'gunicorn=='],
  }),
  entry(
    'Procfile of two commands',
    requirements('flask\n', flask, { Procfile: 'web: migrate && gunicorn app:app\n' }),
    { never: ['migrate'] },
  ),
  {
    name: 'Reflex',
    files: requirements('reflex\n', 'import reflex as rx\n'),
    expect: { refused: 'Unsupported', says: ['Reflex', 'Dockerfile'] },
  },
];

const warned: readonly Entry[] = [
  entry('OpenCV', requirements('flask\nopencv-python\n', flask), { says: ['opencv-python-headless', 'libGL'] }),
  entry('psycopg2', requirements('flask\npsycopg2==2.9\n', flask), { says: ['psycopg2-binary'] }),
  entry('packages.txt', requirements('flask\n', flask, { 'packages.txt': 'ffmpeg\nlibgl1\n' }), {
    says: ['ffmpeg, libgl1'],
  }),
  entry('a package from git', requirements('flask\ngit+https://example.org/a.git\n', flask), { says: ['no git'] }),
];

const packaged: readonly Entry[] = [
  {
    name: 'a packaged project that uv locks, started by its own command',
    files: {
      'pyproject.toml':
        '[project]\nname = "quiz-board"\nversion = "0.1.0"\ndependencies = []\n\n[project.scripts]\nquiz-board = "quiz_board:main"\n\n[build-system]\nrequires = ["uv_build>=0.8"]\nbuild-backend = "uv_build"\n',
      'uv.lock': 'version = 1\n',
      'src/quiz_board/__init__.py': 'def main():\n    serve()\n',
    },
    expect: {
      language: 'python',
      says: ['pyproject.toml installs the command quiz-board'],
      runs: ['CMD ["quiz-board"]', 'pip install --no-cache-dir --disable-pip-version-check --no-deps .'],
    },
  },
  {
    name: 'a package beside its pyproject.toml with a command of its own',
    files: {
      'pyproject.toml':
        '[project]\nname = "board"\nversion = "1"\ndependencies = ["bottle"]\n\n[project.scripts]\nboard-web = "board.web:main"\n\n[build-system]\nrequires = ["setuptools"]\n',
      'board/__init__.py': '',
      'board/web.py': 'def main():\n    pass\n',
    },
    expect: { language: 'python', runs: ['CMD ["board-web"]', '--no-deps .'] },
  },
  {
    name: 'two commands, and none is called like the project',
    files: {
      'pyproject.toml':
        '[project]\nname = "tools"\nversion = "1"\n\n[project.scripts]\none = "t:a"\ntwo = "t:b"\n\n[build-system]\nrequires = ["setuptools"]\n',
      't/__init__.py': '',
      't/a.py': '',
    },
    expect: { refused: 'EntrypointMissing', says: ['main.py'] },
  },
  {
    name: 'Django with WebSockets',
    files: {
      'manage.py': "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'chat.settings')\n",
      'requirements.txt': 'django==5.2\nchannels==4.3\n',
      'chat/settings.py': 'ALLOWED_HOSTS = ["*"]\n',
      'chat/asgi.py': 'application = None\n',
      'chat/wsgi.py': 'application = None\n',
    },
    expect: {
      language: 'python',
      framework: 'django',
      says: ['uvicorn serves chat.asgi'],
      runs: ['uvicorn==0.38.0 websockets==15.0.1', 'exec uvicorn chat.asgi:application'],
      never: ['gunicorn'],
    },
  },
  {
    name: 'Django with an asgi.py that nothing needs',
    files: {
      'manage.py': "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
      'requirements.txt': 'django==5.2\n',
      'shop/settings.py': 'ALLOWED_HOSTS = ["*"]\n',
      'shop/asgi.py': 'application = None\n',
      'shop/wsgi.py': 'application = None\n',
    },
    expect: { language: 'python', framework: 'django', says: ['gunicorn serves shop.wsgi'], never: ['uvicorn'] },
  },
];

export const python: readonly Entry[] = [...locked, ...starts, ...warned, ...packaged];
