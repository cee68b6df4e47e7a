// docs/reference/settings.md, from the schema of the settings document.
import { stringify } from 'yaml';
import { z } from 'zod';
import { settingsSchema } from '../settings.ts';

/** The part of JSON Schema that the page speaks of. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

interface Row {
  readonly path: string;
  readonly type: string;
  readonly default: string;
  readonly about: string;
}

export function settingsPage(notice: string): string {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input' }) as Schema;
  return `<!-- ${notice} -->
# Settings

One document, in the ConfigMap \`vibed-settings\` of the namespace \`vibed-system\`: key \`settings.yaml\`. The optional key \`ca.crt\` is
a PEM bundle of every authority that sources and builds trust, the public ones included. The operator reads both at its start:

    kubectl -n vibed-system edit configmap vibed-settings
    kubectl -n vibed-system rollout restart deployment/vibed-operator

A wrong field stops the new operator at its start; its log names the field, and the old operator goes on. A field in **bold** must be set.
What is written where a whole object has a default replaces all of it.

| field | type | default | meaning |
|---|---|---|---|
${rowsOf(schema, '').map(lineOf).join('\n')}
`;
}

/** Leaves, and objects that have a meaning or a default of their own; parents first. */
function rowsOf(schema: Schema, path: string): readonly Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const isSection = child.properties !== undefined && !hasOwnDefault(child);
    const required = !isSection && child.default === undefined && (schema.required?.includes(name) ?? false);
    const row = {
      path: required ? `**${at}**` : at,
      type: typeOf(child),
      default: defaultOf(child),
      about: child.description ?? '',
    };
    const own = isSection && child.description === undefined ? [] : [row];
    return [...own, ...(isSection ? rowsOf(child, at) : [])];
  });
}

/** \`{}\` only says that the section may be left out. */
const hasOwnDefault = ({ default: value }: Schema): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

function typeOf({ type, enum: values, items, properties }: Schema): string {
  if (values !== undefined) return values.map(value => `\`${value}\``).join(', ');
  if (type === 'array') return `list of ${typeOf(items ?? {})}`;
  if (properties !== undefined) return 'object';
  return type === 'object' ? 'map' : (type ?? 'any');
}

function defaultOf({ default: value, properties }: Schema): string {
  if (value === undefined || (properties !== undefined && !hasOwnDefault({ default: value }))) return '';
  return `\`${stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()}\``;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ');
const lineOf = (row: Row): string => `| ${[row.path, row.type, row.default, row.about].map(cell).join(' | ')} |`;
