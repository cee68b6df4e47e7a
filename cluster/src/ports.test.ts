import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { choosePorts, DEFAULT_PORTS, isFree } from './ports.ts';

const freeExcept =
  (...taken: number[]) =>
  async (port: number) =>
    !taken.includes(port);

describe('choosing ports', () => {
  it('keeps what is wanted when it is free', async () => {
    expect(await choosePorts(DEFAULT_PORTS, freeExcept())).toEqual({ ports: DEFAULT_PORTS, replaced: [] });
  });

  it('replaces a taken port by the next free one and says so', async () => {
    expect(await choosePorts(DEFAULT_PORTS, freeExcept(8080, 8081))).toEqual({
      ports: { ...DEFAULT_PORTS, ingress: 8082 },
      replaced: ['port 8080 (ingress) is taken by another program: using 8082'],
    });
  });

  it('never gives one port to two services', async () => {
    const { ports } = await choosePorts({ ingress: 5000, apiserver: 5000, registry: 5000 }, freeExcept());
    expect(ports).toEqual({ ingress: 5000, apiserver: 5001, registry: 5002 });
  });

  it('gives up at the last port', async () => {
    await expect(choosePorts(DEFAULT_PORTS, async () => false)).rejects.toThrow('no free port above 8080');
  });

  it('sees a port that somebody listens on', async () => {
    const server = createServer();
    const port = await new Promise<number>(resolve => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    expect(await isFree(port)).toBe(false);
    await new Promise(resolve => server.close(resolve));
    expect(await isFree(port)).toBe(true);
  });
});
