// The tool list as a reviewer reads it, and what clients need of it.
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Problem } from '../problems.ts';
import { callTool, instructions, prompts, promptText, tools } from './surface.ts';

describe('the MCP surface', () => {
  it('is the golden one', async () => {
    await expect(stringify(tools, { lineWidth: 140, aliasDuplicateObjects: false })).toMatchFileSnapshot(
      'goldens/tools.yaml',
    );
  });

  it('fits into a conversation', () => {
    expect(Buffer.byteLength(JSON.stringify({ tools }))).toBeLessThanOrEqual(24 * 1024);
    expect(Buffer.byteLength(instructions)).toBeLessThanOrEqual(1536);
  });

  it.each(tools)('$name has flat schemas and says all four hints', ({ inputSchema, outputSchema, annotations }) => {
    for (const schema of [inputSchema, outputSchema]) {
      expect(schema.type).toBe('object');
      expect(Object.keys(schema).filter(key => ['oneOf', 'anyOf', 'allOf', '$ref', 'not'].includes(key))).toEqual([]);
      expect(JSON.stringify(schema)).not.toContain('$ref');
    }
    expect(inputSchema.additionalProperties).toBe(false);
    expect(Object.values(annotations).filter(hint => typeof hint === 'boolean')).toHaveLength(4);
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
