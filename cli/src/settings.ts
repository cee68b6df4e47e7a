// How an app runs, as options of the commands that write one.
import { type Local, numberFlag, type Options, textFlag, textsFlag } from './command.ts';
import { UsageError } from './failures.ts';

export const settingOptions: Options = {
  env: { type: 'string', multiple: true, value: 'KEY=VALUE', about: 'an environment variable; nothing reads it back' },
  'build-env': {
    type: 'string',
    multiple: true,
    value: 'NAME=VALUE',
    about: 'a public value for the build, such as VITE_API_URL; never a secret: it is in the page',
  },
  port: { type: 'string', value: 'N', about: 'where the app listens, when not on $PORT' },
  'health-path': { type: 'string', value: 'PATH', about: 'answers 2xx or 3xx when the app is well' },
  min: { type: 'string', value: 'N', about: 'instances at least' },
  max: { type: 'string', value: 'N', about: 'instances at most' },
};

/** As the API names them; what was not given is not there. */
export function settingsOf(local: Pick<Local, 'flags'>): Record<string, unknown> {
  const all = {
    build_env: pairsOf(local, 'build-env', 'NAME'),
    port: numberFlag(local, 'port'),
    health_path: textFlag(local, 'health-path'),
    min: numberFlag(local, 'min', 0),
    max: numberFlag(local, 'max'),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The variables, or undefined where none is given. A message about a wrong one does not show its value. */
export function envOf(local: Pick<Local, 'flags'>): Record<string, string> | undefined {
  return pairsOf(local, 'env', 'KEY');
}

function pairsOf(local: Pick<Local, 'flags'>, flag: string, key: string): Record<string, string> | undefined {
  const given = textsFlag(local, flag).map(text => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`--${flag} has no ${key} before a "="`, `write --${flag} ${key}=VALUE`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return given.length === 0 ? undefined : Object.fromEntries(given);
}
