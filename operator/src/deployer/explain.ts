// From what the app printed to a better reason than "it did not start".
import { type Cause, causeOf, commonRules, type Explanation, explained, type Rule } from '../analysis/causes.ts';
import { portOf, type Version } from './deployer.ts';
import { type Said, saidPorts } from './listening.ts';
import { refusedOperation } from './permissions.ts';

const ownFile: Rule = {
  pattern: /Cannot find module '((?:[./#]|@\/|~\/|file:)[^'\n]{0,200})'/,
  cause: file => ({
    message: `the app does not find its own file ${file}`,
    remedy:
      'Check that the source has the file, with the same upper and lower case, and that the build makes it; correct the import, "main", the start script or spec.run.command.',
  }),
};

/** Narrows the reason of a failed start down by the app's last lines. */
export function explainAppLog(known: Explanation, log: string, version: Pick<Version, 'spec' | 'build'>): Explanation {
  switch (known.reason) {
    case 'StartTimeout':
      return explained(known, wrongPort(log, portOf(version.spec, version.build)));
    case 'CrashLoop':
      return explained(known, refusedOperation(log) ?? causeOf(log, commonRules) ?? causeOf(log, [ownFile]));
    default:
      return known;
  }
}

/** What a bad answer comes from, where the app's last lines tell it: the answer itself stays in the message. */
export function explainBadAnswer(known: Explanation, log: string): Explanation {
  const cause = causeOf(log, commonRules);
  return cause === undefined
    ? known
    : { reason: known.reason, message: `${known.message}: ${cause.message}`, remedy: cause.remedy };
}

/** An app that runs without being ready: whether its log already names another port than the one that vibeD requests. */
export function wrongPortSoFar(log: string, version: Pick<Version, 'spec' | 'build'>): Explanation | undefined {
  const port = portOf(version.spec, version.build);
  const said = saidPorts(log);
  // The right port, even if only on localhost, may become ready: a health path may need longer than the first line.
  return said.some(s => s.port === port) ? undefined : otherPort(said, port);
}

function wrongPort(log: string, port: number): Cause | undefined {
  const said = saidPorts(log);
  const own = said.filter(s => s.port === port);
  if (own.length === 0) return otherPort(said, port);
  const [{ line, isLoopback } = { line: '', isLoopback: false }] = own.slice(-1);
  if (!isLoopback) return undefined;
  return {
    reason: 'WrongPort',
    message: `the app says "${line}": that address is reachable only from inside its own container`,
    remedy: 'Let it listen at 0.0.0.0 (HOST says so) instead of localhost.',
  };
}

function otherPort(said: readonly Said[], port: number): Explanation | undefined {
  const last = said.at(-1);
  if (last === undefined) return undefined;
  return {
    reason: 'WrongPort',
    message: `the app says "${last.line}", but vibeD asks port ${port}`,
    remedy: `Set spec.run.port: ${last.port}, or let the app listen on the port in $PORT, at 0.0.0.0.`,
  };
}
