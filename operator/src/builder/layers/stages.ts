// Our own generated Dockerfiles, read back as data: what Buildah would run is the plan of the layers builder too, so that the two
// cannot drift apart. Only the forms that builder/dockerfile writes are known; a person's Dockerfile never comes here.

export interface Copy {
  readonly do: 'copy';
  /** Of the stage `build`, or of the source tree. */
  readonly from: 'build' | 'source';
  readonly sources: readonly string[];
  readonly target: string;
  /** Owner in the image; root when not named. */
  readonly uid: number;
}
export interface Write {
  readonly do: 'write';
  readonly path: string;
  readonly text: string;
}
export interface Run {
  readonly do: 'run';
  readonly command: string;
}
export type Step = Copy | Write | Run | { readonly do: 'workdir'; readonly path: string } | Setting;
/** What ends up in the configuration of the image. */
export type Setting =
  | { readonly do: 'env'; readonly name: string; readonly value: string }
  | { readonly do: 'user'; readonly user: string }
  | { readonly do: 'expose'; readonly port: number }
  | { readonly do: 'entrypoint' | 'cmd'; readonly argv: readonly string[] };

export interface Stage {
  /** Image reference of FROM. */
  readonly base: string;
  readonly steps: readonly Step[];
}

/** The stage `build`, where there is one, and the one that becomes the image. Throws on anything that no rule writes. */
export function stagesOf(dockerfile: string): { build?: Stage; final: Stage } {
  const stages: { base: string; name: string | undefined; steps: Step[] }[] = [];
  const lines = dockerfile.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const from = /^FROM (\S+)(?: AS (\S+))?$/.exec(line);
    const heredoc = /^COPY <<'(\w+)' (\S+)$/.exec(line);
    if (line === '' || line.startsWith('#')) continue;
    if (from !== null) {
      stages.push({ base: from[1] ?? '', name: from[2], steps: [] });
    } else if (heredoc !== null) {
      const end = lines.indexOf(heredoc[1] ?? '', at);
      stages
        .at(-1)
        ?.steps.push({ do: 'write', path: heredoc[2] ?? '', text: `${lines.slice(at + 1, end).join('\n')}\n` });
      at = end;
    } else {
      stages.at(-1)?.steps.push(...stepsOf(line));
    }
  }
  const final = stages.at(-1);
  const build = stages.find(stage => stage.name === 'build');
  if (final === undefined || stages.length > (build === undefined ? 1 : 2))
    throw new Error('a generated Dockerfile has one stage, or two with the first named build');
  return { final, ...(build !== undefined && { build }) };
}

function stepsOf(line: string): Step[] {
  const [word = ''] = line.split(' ');
  const rest = line.slice(word.length + 1);
  switch (word) {
    case 'RUN':
      return [{ do: 'run', command: rest }];
    case 'WORKDIR':
      return [{ do: 'workdir', path: rest }];
    case 'COPY':
      return [copyOf(rest)];
    case 'ENV':
      return [...rest.matchAll(/(?<!\w)(\w+)=(?:"([^"]*)"|(\S*))/g)].map(([, name = '', quoted, plain = '']) => ({
        do: 'env',
        name,
        value: quoted ?? plain,
      }));
    case 'USER':
      return [{ do: 'user', user: rest }];
    case 'EXPOSE':
      return [{ do: 'expose', port: Number(rest) }];
    case 'ENTRYPOINT':
      return [{ do: 'entrypoint', argv: JSON.parse(rest) as string[] }];
    case 'CMD':
      return [{ do: 'cmd', argv: JSON.parse(rest) as string[] }];
    default:
      throw new Error(`no generated Dockerfile has the line ${JSON.stringify(line)}`);
  }
}

function copyOf(rest: string): Copy {
  const match = /^((?:--\S+ )*)(\[.*\])$/.exec(rest);
  const options = match?.[1] ?? '';
  const words = JSON.parse(match?.[2] ?? '[]') as string[];
  const uid = /--chown=(\d+):\d+ /.exec(options)?.[1];
  return {
    do: 'copy',
    from: /--from=build /.test(options) ? 'build' : 'source',
    sources: words.slice(0, -1),
    target: words.at(-1) ?? '',
    uid: Number(uid ?? 0),
  };
}
