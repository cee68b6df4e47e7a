/** Whether a page is the input of a site generator: shown as it is, a person would see its tags. */
import type { Refusal } from './model.ts';
import { fault } from './model.ts';
import { shown } from './shown.ts';
import { hasFolder, type SourceTree } from './source-tree.ts';

/** Libraries that replace such tags in the browser. */
const browserTemplates =
  /\b(?:vue|alpine|alpinejs|angular|petite-vue|handlebars|mustache|nunjucks|liquidjs|ractive|ember|knockout|v-app|ng-app|x-data)\b/i;
const blockTag =
  /\{%-? ?(?:if|for|block|extends|include|assign|layout|set|macro|load|endif|endfor|endblock|capture|comment|render)\b/;
const goTag = /\{\{-? ?(?:\.[A-Z]|range |partial |template |define |block |with \.|if \.|> ?\w|#if |#each )/;
const anyTag = /\{\{[^{}]{1,200}\}\}/;

/** The refusal of a static site whose index.html is a template; `path` is that page. */
export function templateFailure(tree: SourceTree, path = 'index.html', prefix = ''): Refusal | undefined {
  const sign = templateSign(tree, tree.read(path) ?? '');
  if (sign === undefined) return undefined;
  return fault(
    'LanguageUnknown',
    `${shown(prefix + path)} is a template (${sign}) that a site generator or a server turns into a page, and vibeD runs none for it`,
    'Send the folder that the generator writes (_site/, public/ or dist/) instead, or bring a Dockerfile',
  );
}

function templateSign(tree: SourceTree, html: string): string | undefined {
  if (/^\uFEFF?---\r?\n/.test(html)) return 'it begins with front matter';
  // Documentation shows tags, and the libraries above replace them in the browser.
  if (browserTemplates.test(html) || html.includes('<pre') || html.includes('<code')) return undefined;
  const block = blockTag.exec(html)?.[0];
  if (block !== undefined) return `it has the tag ${block} … %}`;
  const tag = goTag.exec(html)?.[0];
  if (tag !== undefined) return `it has the tag ${tag.trimEnd()} … }}`;
  const hasLayouts = ['layouts', '_layouts', '_includes', 'partials'].some(folder => hasFolder(tree, folder));
  return hasLayouts && anyTag.test(html) ? 'it has {{ }} tags, and layouts are beside it' : undefined;
}
