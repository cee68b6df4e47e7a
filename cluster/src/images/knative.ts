// Knative's programs, each alone in an image: nothing else is in them, not even a shell.
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KNATIVE_PROGRAMS } from '../binaries.ts';
import { imageName } from '../knative/manifests.ts';
import type { Recipe } from './image.ts';

/** `binaries` is the directory that holds the compiled programs. */
export function knative(binaries: string): readonly Recipe[] {
  return KNATIVE_PROGRAMS.map(program => ({
    name: imageName(program),
    ingredients: [basename(binaries)],
    config: { Entrypoint: [`/ko-app/${program}`], User: '65532:65532' },
    copy: async root => {
      await mkdir(join(root, 'ko-app'));
      await copyFile(join(binaries, program), join(root, 'ko-app', program));
      await chmod(join(root, 'ko-app', program), 0o755);
    },
  }));
}
