import { shown } from '@vibed/recipe/shown';
import { SourceError } from './fault.ts';

/** The path of a file relative to the tree, normalised; throws SourceInvalid for every name that could leave the tree or hide in a log. */
export function treePath(raw: string): string {
  const path = raw.replace(/^(?:\.\/+)+/, '');
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path))
    throw refused(raw, 'is absolute', 'send paths relative to the application');
  if (path.includes('\\') || hasControl(path))
    throw refused(raw, 'has a backslash or a control character', 'rename the file');
  const segments = path.split('/');
  if (segments.includes('..')) throw refused(raw, 'leaves the tree', 'remove the .. from the path');
  if (path === '' || segments.some(segment => segment === '' || segment === '.'))
    throw refused(raw, 'has an empty part', 'send clean paths');
  if (Buffer.byteLength(path) > 1024 || segments.some(segment => Buffer.byteLength(segment) > 255)) {
    throw refused(raw, 'is too long', 'shorten it to 1024 bytes, 255 for each part');
  }
  return path;
}

function refused(path: string, why: string, remedy: string): SourceError {
  return new SourceError('SourceInvalid', `the path ${shown(path)} ${why}`, remedy);
}

function hasControl(text: string): boolean {
  return [...text].some(character => character < ' ' || character === '\u007f');
}
