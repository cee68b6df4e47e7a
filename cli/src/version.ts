// The version of this command. The server hands out the command that was bundled with it, under one version.
/** Set by bundle.ts. */
declare const VIBED_VERSION: string | undefined;

const unbundled = 'development';
export const version = typeof VIBED_VERSION === 'undefined' ? unbundled : VIBED_VERSION;
export const userAgent = `vibed-cli/${version}`;

/** Looks at the headers of an answer. */
export type Heard = (headers: { get(name: string): string | null }) => void;

/** Tells once when the server hands out another command than this one. */
export function versionWatch(server: string, tell: (text: string) => void, own = version): Heard {
  let told = false;
  return headers => {
    const theirs = headers.get('vibed-version');
    if (told || theirs === null || own === unbundled || theirs === unbundled || theirs === own) return;
    told = true;
    tell(
      `this is vibed ${own}, and the server is ${theirs}. To update: curl -fsSL ${server}/cli/vibed -o "$(command -v vibed)"`,
    );
  };
}
