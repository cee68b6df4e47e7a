import { type KubeClient, KubeError, type KubeObject, kinds } from '@vibed/store/kube';
import { beforeEach, describe, expect, it } from 'vitest';
import { identityLabels, type Owner } from './artifact/identity.ts';
import type { Child } from './artifact/outcome.ts';
import { ChildStore, desiredHash, Refused } from './children.ts';

const owner: Owner = { namespace: 'tenant', name: 'todo', uid: 'u1' };
const buildNamespaces = ['builds', 'installs'];
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A double of the API server for one object name: what is there, and every write with its preconditions. */
class OneObject {
  live: KubeObject | undefined;
  writes: string[] = [];
  refuse: KubeError | undefined;
  mergeIsInvalid = false;

  client = {
    create: async (_kind: unknown, object: KubeObject) => {
      this.writes.push('create');
      if (this.refuse) throw this.refuse;
      if (this.live) throw new KubeError('AlreadyExists', 'exists');
      this.live = { ...object, metadata: { ...object.metadata, uid: 'live', resourceVersion: '1' } };
      return this.live;
    },
    get: async () => {
      if (!this.live) throw new KubeError('NotFound', 'none');
      return this.live;
    },
    apply: async (_kind: unknown, object: KubeObject) => {
      this.writes.push(`apply uid=${object.metadata.uid} rv=${object.metadata.resourceVersion}`);
      if (this.mergeIsInvalid) throw new KubeError('Invalid', 'duplicate port name');
      this.live = object;
      return object;
    },
    replace: async (_kind: unknown, object: KubeObject) => {
      this.writes.push(`replace uid=${object.metadata.uid} rv=${object.metadata.resourceVersion}`);
      this.live = object;
      return object;
    },
    delete: async (_kind: unknown, _ref: unknown, { uid }: { uid?: string }) => {
      this.writes.push(`delete uid=${uid}`);
      if (this.live?.metadata.uid !== uid) throw new KubeError('Conflict', 'another uid');
    },
  } as unknown as KubeClient;
}

const service = (port = 80): Child => ({
  kind: kinds.service,
  object: {
    metadata: { name: 'todo', namespace: 'tenant', labels: identityLabels(owner) },
    spec: { ports: [{ port }] },
  } as KubeObject,
});

let server: OneObject;
let children: ChildStore;
beforeEach(() => {
  server = new OneObject();
  children = new ChildStore({ client: server.client, log, buildNamespaces, complete: async child => child.object });
});
const apply = (...wishes: Child[]) => children.apply(wishes, owner);

describe('applying children', () => {
  it('creates what is not there, once', async () => {
    expect(await apply(service())).toEqual([]);
    expect(await apply(service())).toEqual([]);
    expect(server.writes).toEqual(['create']);
  });

  it('writes nothing when only others’ fields and defaults were added', async () => {
    await apply(service());
    children.learn(kinds.service, {
      ...server.live,
      spec: { ports: [{ port: 80, nodePort: 1 }], clusterIP: '10.0.0.1' },
    } as unknown as KubeObject);
    await apply(service());
    expect(server.writes).toEqual(['create']);
  });

  it('changes a changed wish, pinned to the object seen', async () => {
    await apply(service(80));
    await apply(service(81));
    expect(server.writes).toEqual(['create', 'apply uid=live rv=1']);
  });

  it('restores what somebody edited by hand, although the wish is the same', async () => {
    await apply(service());
    children.learn(kinds.service, {
      metadata: { ...server.live?.metadata, name: 'todo', resourceVersion: '2' },
      spec: { ports: [{ port: 9999 }] },
    } as unknown as KubeObject);
    await apply(service());
    expect(server.writes).toEqual(['create', 'apply uid=live rv=2']);
  });

  it('replaces the whole object where a merge with a hand edit is not valid', async () => {
    await apply(service(80));
    server.mergeIsInvalid = true;
    await apply(service(81));
    expect(server.writes).toEqual(['create', 'apply uid=live rv=1', 'replace uid=live rv=1']);
  });

  it('finds its own child behind a 409 when the cache is late', async () => {
    server.live = {
      ...service().object,
      metadata: {
        ...service().object.metadata,
        uid: 'live',
        resourceVersion: '7',
        annotations: { [desiredHash]: 'older' },
      },
    };
    expect(await apply(service())).toEqual([]);
    expect(server.writes).toEqual(['create', 'apply uid=live rv=7']);
  });

  it.each([
    ['no labels', {}],
    ['another artifact of the same name', { ...identityLabels(owner), 'vibed.dev/artifact-uid': 'older' }],
  ])('never touches an object that is not ours: %s', async (_what, labels) => {
    server.live = { metadata: { name: 'todo', namespace: 'tenant', uid: 'theirs', labels } };
    expect(await apply(service())).toMatchObject([
      { reason: 'NotOwned', message: expect.stringContaining('tenant/todo') },
    ]);
    expect(server.writes).toEqual(['create']);
  });

  it('never changes a record', async () => {
    await apply({ ...service(80), createOnly: true });
    await apply({ ...service(81), createOnly: true });
    expect(server.writes).toEqual(['create']);
  });

  it.each([
    ['Forbidden', 'exceeded quota: vibed, requested: pods=1', 'QuotaExceeded'],
    ['Forbidden', 'admission webhook "x" denied the request: no', 'PodRefused'],
  ] as const)('tells a refusal as a value: %s %s', async (code, message, reason) => {
    server.refuse = new KubeError(code, message);
    expect(await apply(service())).toMatchObject([{ reason }]);
  });

  it('throws what is unexpected', async () => {
    server.refuse = new KubeError('Unavailable', 'away');
    await expect(apply(service())).rejects.toThrow('away');
  });

  it('tells what a person must do before a child can be made', async () => {
    const problem = { reason: 'SecretMissing', message: 'm', remedy: 'r' } as const;
    const complete = () => Promise.reject(new Refused(problem));
    children = new ChildStore({ client: server.client, log, buildNamespaces, complete });
    expect(await children.apply([service()], owner)).toEqual([problem]);
    expect(server.writes).toEqual([]);
  });
});

describe('removing children', () => {
  it('deletes exactly the object seen, and a newer one of the same name stays', async () => {
    await apply(service());
    await children.remove([{ kind: kinds.service, object: { metadata: { name: 'todo', uid: 'older' } } }]);
    expect(server.writes).toEqual(['create', 'delete uid=older']);
    expect(server.live?.metadata.uid).toBe('live');
  });

  it('names what the cluster refuses to delete, and deletes the others', async () => {
    const asked: string[] = [];
    const remove = async (_kind: unknown, { name }: { name: string }) => {
      asked.push(name);
      if (name === 'held') throw new KubeError('Forbidden', 'a webhook says no');
    };
    const client = { delete: remove } as unknown as KubeClient;
    children = new ChildStore({ client, log, buildNamespaces, complete: async child => child.object });
    const stale = ['held', 'other'].map(name => ({ kind: kinds.service, object: { metadata: { name, uid: name } } }));
    expect(await children.remove(stale)).toMatchObject([
      { object: { metadata: { name: 'held' } }, why: 'a webhook says no' },
    ]);
    expect(asked).toEqual(['held', 'other']);
  });

  it('leaves what is being deleted already', async () => {
    await children.remove([
      { kind: kinds.service, object: { metadata: { name: 'todo', uid: 'live', deletionTimestamp: 'x' } } },
    ]);
    expect(server.writes).toEqual([]);
  });
});

it('finds the pods of a build where builds run: they may push as long as they are there', async () => {
  const asked: string[] = [];
  const list = async (kind: { kind: string }, { namespace }: { namespace: string }) => {
    asked.push(`${kind.kind} ${namespace}`);
    return { items: [] };
  };
  children = new ChildStore({
    client: { list } as unknown as KubeClient,
    log,
    buildNamespaces,
    complete: async child => child.object,
  });
  await children.findAll(owner);
  const ofPods = asked.filter(place => place.startsWith('Pod ')).sort();
  expect(ofPods).toEqual(['Pod builds', 'Pod installs', 'Pod tenant']);
});
