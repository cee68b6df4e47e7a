// An app that looks around, from its own pod and while it is built: with Buildah in a RUN step, with layers in a build script.
import type { Artifact } from '@vibed/crds';
import { z } from 'zod';
import type { App } from './app.ts';
import { artifactFrom } from './artifact-from.ts';

export interface Target {
  host: string;
  port: number;
}

export interface HttpTarget extends Target {
  method?: string;
  /** Sent as it is written. */
  path: string;
}

export interface Scouting {
  connections?: Readonly<Record<string, Target>>;
  requests?: Readonly<Record<string, HttpTarget>>;
}

/** By the name of each target: `open`, `nothing` for what was dropped, an error code, or the status of an answer. */
export type Report = Readonly<Record<string, string | number>>;

const reportSchema = z.record(z.string(), z.union([z.string(), z.number()]));

const dockerfile = `FROM docker.io/library/node:24-slim
WORKDIR /app
COPY . .
RUN node scout.js
USER 10001
ENV PORT=8080
EXPOSE 8080
CMD ["node", "server.js"]
`;
const scripts = { build: 'node scout.js', start: 'node server.js' };

/** `when`: what is built looks around as well, by the builder that this makes vibeD choose. */
export function scoutOf(scouting: Scouting, when: 'run' | 'buildah' | 'layers'): Artifact {
  const { connections = {}, requests = {} } = scouting;
  const files = { 'scouting.json': JSON.stringify({ connections, requests }) };
  const more = {
    run: {},
    buildah: { Dockerfile: dockerfile },
    layers: { 'package.json': JSON.stringify({ name: 'scout', version: '1.0.0', private: true, scripts }) },
  }[when];
  return artifactFrom('hostile/scout', { target: 'kubernetes', files: { ...files, ...more } });
}

/** What the app found: `/now` from its pod, `/built` while it was built. */
export async function reportOf(app: App, path: '/now' | '/built'): Promise<Report> {
  const { status, text } = await app.ask(path);
  if (status !== 200) throw new Error(`${path} answers ${status}: ${text.slice(0, 300)}`);
  return reportSchema.parse(JSON.parse(text));
}
