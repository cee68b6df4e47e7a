// Sends events over HTTP by the feed, or as naively as can be; told a number it makes so many changes.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { apiVersion } from '@vibed/crds';
import type { ArtifactView, CompactArtifact } from '@vibed/store';
import type { KubeClient } from '@vibed/store/kube';
import { Feed } from '../../api-server/src/feed.ts';
import { Metrics } from '../../api-server/src/metrics.ts';
import { summaryOf } from '../../api-server/src/summary.ts';
import { Tenancy } from '../../api-server/src/tenancy.ts';

const namespace = 'vibed-alice';
const artifact = (version: number): CompactArtifact => ({
  apiVersion,
  kind: 'Artifact',
  metadata: { name: 'todo', namespace, uid: 'uid', generation: version, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { source: { snapshot: { digest: `sha256:${'0'.repeat(64)}` } } },
  status: {
    observedGeneration: version,
    phase: 'running',
    url: 'http://todo-1a2b3c4d.apps.example.com',
    desired: { version, hash: 'h' },
    serving: { version, hash: 'h', image: 'i', since: '' },
  },
});

type Tell = (change: CompactArtifact) => void;
type Serve = (response: ServerResponse) => void;

function byFeed(): { serve: Serve; tell: Tell } {
  let listener: Parameters<ArtifactView['subscribe']>[0] = () => undefined;
  const view = {
    all: () => [artifact(1)],
    subscribe: (told: typeof listener) => {
      listener = told;
      return () => undefined;
    },
    lastEventAgeMs: () => 0,
  } as unknown as ArtifactView;
  const feed = new Feed({ view, metrics: new Metrics(), tenancy: new Tenancy({} as KubeClient) });
  return {
    serve: response => feed.serve(namespace, response, new AbortController().signal),
    tell: change => listener(change, 'set'),
  };
}

function naively(): { serve: Serve; tell: Tell } {
  const clients = new Map<ServerResponse, string>();
  const send = (response: ServerResponse, event: string, data: object) =>
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  return {
    serve: response => {
      clients.set(response, namespace);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      send(response, 'snapshot', { type: 'snapshot', artifacts: [artifact(1)].map(summaryOf) });
    },
    tell: change => {
      for (const [response, owner] of clients)
        if (owner === change.metadata.namespace) send(response, 'change', { type: 'set', artifact: summaryOf(change) });
    },
  };
}

const { serve, tell } = process.argv[2] === 'naive' ? naively() : byFeed();
const server = createServer((_request, response) => serve(response));
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', async (changes: number) => {
  for (let i = 0; i < changes; i += 1) {
    tell(artifact(i + 2));
    // As a watch brings them: one after the other, with room for the sockets between.
    await turn();
  }
});
