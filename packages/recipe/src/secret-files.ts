import { shown } from './shown.ts';
import type { SourceTree } from './source-tree.ts';

const named =
  /(?:^|\/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|\.pgpass|\.git-credentials|service-?account[\w-]*\.json|credentials\.json)$/i;
const tokenFiles = /(?:^|\/)(?:\.npmrc|\.yarnrc\.yml|\.pypirc)$/;
const keyFiles = /\.(?:pem|key)$/;

/** Warnings about files that look like secrets and are not ignored: they would be in the image. At most three, names only. */
export function secretWarnings(tree: SourceTree): string[] {
  const found = tree.paths.filter(path => named.test(path) || holdsToken(tree, path) || holdsKey(tree, path));
  return found
    .slice(0, 3)
    .map(
      path => `${shown(path)} looks like a secret and would be in the image: remove it, and give its value in run.env`,
    );
}

function holdsToken(tree: SourceTree, path: string): boolean {
  return (
    tokenFiles.test(path) &&
    /_authToken\s*=\s*[^$\s]|npmAuthToken:\s*[^$\s]|^password\s*[=:]/m.test(tree.read(path) ?? '')
  );
}

function holdsKey(tree: SourceTree, path: string): boolean {
  return keyFiles.test(path) && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(tree.read(path) ?? '');
}
