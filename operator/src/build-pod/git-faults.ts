import { SourceError } from './fault.ts';
import type { SourceFault } from './job.ts';

interface Symptom {
  readonly pattern: RegExp;
  readonly reason: SourceFault;
  readonly message: string;
  readonly remedy: string;
}

/** What git says (in the C locale) → what is wrong. In order: the most telling line first. */
const symptoms: readonly Symptom[] = [
  symptom(
    /transport '[^'\n]*' not allowed/,
    'GitUrlRefused',
    'this kind of git URL is not allowed here',
    'use an https URL',
  ),
  symptom(
    /Host key verification failed|No \S+ host key is known/,
    'GitHostKeyUnknown',
    "the server's ssh key is not in known_hosts",
    'add its line to known_hosts in the Secret',
  ),
  symptom(
    /Authentication failed|could not read (?:Username|Password)|Permission denied|returned error: (?:401|403)|terminal prompts disabled/,
    'GitAuthFailed',
    'the git server wants other credentials, or does not show this repository without',
    'check the Secret named in secretRef, and that it may read the repository',
  ),
  symptom(
    /couldn't find remote ref|not our ref|unadvertised object|no such remote ref|bad object/,
    'GitRefNotFound',
    'the repository has no such branch, tag or commit',
    'correct source.git.ref',
  ),
  symptom(
    /Needed a single revision|unknown revision/,
    'GitRefNotFound',
    'the ref is not a commit',
    'correct source.git.ref',
  ),
  symptom(
    /[Rr]epository (?:'[^'\n]*' )?not found|does not appear to be a git repository|does not exist|returned error: 404|not valid: is this a git repository/,
    'GitRepositoryNotFound',
    'there is no git repository at this URL',
    'correct source.git.url',
  ),
  symptom(
    /object [0-9a-f]{40,64}: |fsck error/,
    'SourceInvalid',
    'the repository holds broken or dangerous objects',
    'repair the repository with git fsck',
  ),
];

/** The typed failure for what git wrote to its standard error; unknown words count as a network fault, which is tried again. */
export function gitFault(errors: string): SourceError {
  const found = symptoms.find(entry => entry.pattern.test(errors));
  const detail = lastLine(errors);
  if (found !== undefined) return new SourceError(found.reason, `${found.message} (git: ${detail})`, found.remedy);
  return new SourceError(
    'GitUnreachable',
    `the git server could not be reached (git: ${detail})`,
    'check the host and the way to it; the fetch is tried again',
  );
}

function symptom(pattern: RegExp, reason: SourceFault, message: string, remedy: string): Symptom {
  return { pattern, reason, message, remedy };
}

function lastLine(errors: string): string {
  const lines = errors.split(/[\r\n]+/).filter(line => line.trim() !== '');
  const line = lines.findLast(entry => /^(?:fatal|error|remote|ERROR)/.test(entry)) ?? lines.at(-1) ?? 'no message';
  return line.replace(/:\/\/[^/@\s]*@/g, '://').slice(0, 200);
}
