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

export const python: readonly Entry[] = [...locked, ...starts, ...warned];
