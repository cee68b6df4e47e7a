// zod → CustomResourceDefinition. The options are the ones a kube-apiserver was measured to take: plain objects only,
// openapi-3.0, the input side (docs/adr/0001).
import { z } from 'zod';
import { artifactSchema, group, nameRules, specSchema, version } from './artifact.ts';
import { statusSchema } from './status.ts';

type JsonSchema = Record<string, unknown>;

/** Structural schemas know no $schema or additionalProperties: false; a date-time needs only its format. */
function structural(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      delete jsonSchema.additionalProperties;
    },
  }) as JsonSchema;
  return json;
}

const column = (name: string, jsonPath: string, type = 'string', priority = 0) => ({
  name,
  jsonPath,
  type,
  ...(priority > 0 && { priority }),
});

const printerColumns = [
  column('Phase', '.status.phase'),
  column('Serving', '.status.serving.version', 'integer'),
  column('Target', '.status.target'),
  column('URL', '.status.url'),
  column('Age', '.metadata.creationTimestamp', 'date'),
  column('Image', '.status.serving.image', 'string', 1),
  column('Message', '.status.conditions[?(@.type=="Ready")].message', 'string', 1),
];

/** The CRD object, ready to be written as YAML or applied. */
export function artifactCrd(): JsonSchema {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `artifacts.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind: 'Artifact',
        listKind: 'ArtifactList',
        plural: 'artifacts',
        singular: 'artifact',
        shortNames: ['vart'],
        categories: ['vibed'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: printerColumns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description:
                artifactSchema.description ?? 'A small web application: its source, how it is built and how it runs.',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: structural(specSchema),
                status: structural(statusSchema),
              },
              'x-kubernetes-validations': nameRules.map(r => ({ rule: r.cel, message: r.message })),
            },
          },
        },
      ],
    },
  };
}
