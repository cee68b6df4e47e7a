// The tool list as a reviewer reads it, and what clients need of it.
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Problem } from '../problems.ts';
import { callTool, instructions, prompts, promptText, tools } from './surface.ts';

/**
 * What the converters of Gemini (the OpenAPI subset of its Schema type) and OpenAI take in common. Each of these lists is part of their
 * own documentation; what is not in both makes a client leave out the tool, or all of them.
 */
const taken = new Set([
  ...['type', 'description', 'enum', 'items', 'properties', 'required'],
  ...['minimum', 'maximum', 'minItems', 'maxItems', 'minLength', 'maxLength', 'pattern'],
]);

interface Schema {
  [keyword: string]: unknown;
}

function faultsOf(schema: Schema, at: string): string[] {
  const { type, items, properties = {}, enum: values = [] } = schema;
  return [
    ...Object.keys(schema)
      .filter(keyword => !taken.has(keyword))
      .map(keyword => `${at}: ${keyword}`),
    ...(typeof type === 'string' ? [] : [`${at}: no type`]),
    ...(type === 'array' && items === undefined ? [`${at}: no items`] : []),
    ...((values as unknown[]).every(value => typeof value === 'string') ? [] : [`${at}: enum of other than strings`]),
    ...(items === undefined ? [] : faultsOf(items as Schema, `${at}[]`)),
    ...Object.entries(properties as object).flatMap(([name, member]) => faultsOf(member as Schema, `${at}.${name}`)),
  ];
}

describe('the MCP surface', () => {
  it('is the golden one', async () => {
    await expect(stringify(tools, { lineWidth: 140, aliasDuplicateObjects: false })).toMatchFileSnapshot(
      'goldens/tools.yaml',
    );
  });

  it('fits into a conversation', () => {
    expect(Buffer.byteLength(JSON.stringify({ tools }))).toBeLessThanOrEqual(16 * 1024);
    expect(Buffer.byteLength(instructions)).toBeLessThanOrEqual(1536);
  });

  it.each(tools)('$name says all four hints, and its schemas are such as every model takes', tool => {
    for (const schema of [tool.inputSchema, tool.outputSchema]) {
      expect(schema.type).toBe('object');
      expect(schema.properties).toBeTypeOf('object');
      expect(faultsOf(schema, tool.name)).toEqual([]);
    }
    for (const [name, member] of Object.entries(tool.inputSchema.properties as Record<string, Schema>))
      if (member.type === 'object') expect(Object.keys(member.properties ?? {}), name).not.toEqual([]);
    expect(Object.values(tool.annotations).filter(hint => typeof hint === 'boolean')).toHaveLength(4);
  });

  it('knows the keywords that some models refuse', () => {
    const bad = {
      type: 'object',
      additionalProperties: false,
      properties: {
        a: { type: 'object', propertyNames: { type: 'string' }, additionalProperties: {} },
        b: { const: 'x' },
        c: { type: 'array' },
        d: { type: 'integer', enum: [1] },
        e: { type: ['string', 'null'] },
        f: { type: 'string', format: 'uri' },
      },
    };
    expect(faultsOf(bad, 't')).toEqual([
      't: additionalProperties',
      't.a: propertyNames',
      't.a: additionalProperties',
      't.b: const',
      't.b: no type',
      't.c: no items',
      't.d: enum of other than strings',
      't.e: no type',
      't.f: format',
    ]);
  });

  it('tells success twice with the same words, and failure as text with everything in it', async () => {
    const good = await callTool(async () => ({ name: 'todo' }));
    expect(JSON.parse(good.content[0]?.text ?? '')).toEqual(good.structuredContent);
    const bad = await callTool(async () => {
      throw new Problem('NameTaken', 'todo exists', {
        field: 'name',
        sourceRef: 'sha256:x',
        next: [{ tool: 'update_artifact', args: {}, why: 'w' }],
      });
    });
    expect(bad).toMatchObject({ isError: true });
    expect(bad).not.toHaveProperty('structuredContent');
    expect(JSON.parse(bad.content[0]?.text ?? '')).toMatchObject({
      code: 'NameTaken',
      field: 'name',
      hint: expect.any(String),
      source_ref: 'sha256:x',
      next: [{ tool: 'update_artifact' }],
    });
  });

  it('never shows a cause that is unknown', async () => {
    const result = await callTool(async () => {
      throw new Error('password is hunter2');
    });
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  it('has a text for every prompt', () => {
    for (const { name } of prompts) expect(promptText(name, { name: 'todo' })?.messages).toHaveLength(1);
    expect(promptText('other')).toBeUndefined();
  });
});
