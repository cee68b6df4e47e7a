// What a refused operation means, read from the line in which the app reports it: the image needs root, a path cannot be written,
// a file may not be executed, or a database refused its role.
import type { Cause } from '../analysis/causes.ts';
import { needsRoot } from './pod-problems.ts';

const isDenied = /permission denied|EACCES|operation not permitted|EPERM|PermissionDenied/i;
const isReadOnly = /EROFS|read-only file system/i;

const saysRoot = /must be run as root|are you root|only root can/i;
/** A port below 1024, another user, or the owner of a file: only root may have these. */
const isRootOnly =
  /(?:requires?|needs?) (?:to (?:be )?run (?:as|with) )?root(?: privileges)?\b|\b(?:set(?:e|re|res)?[ug]id|setgroups|initgroups|chown|su-exec|gosu|failed switching to|changing ownership of)\b/i;
const isBinding = /\b(?:bind|binding|listen|make_sock)\b/i;

const byDatabase =
  /permission denied (?:for|to) (?:table|schema|database|relation|role|sequence|function|view|materialized view|foreign table|column|language|type|tablespace|create|set|alter|terminate)\b|must be owner of|access denied for user|password authentication failed|not authorized on \S{1,100} to execute/i;

const databaseRefused = (line: string): Cause => ({
  message: `the database refuses what the app does: ${line.slice(0, 300)}`,
  remedy:
    'Grant the role in the app’s connection string (spec.run.env) the right that the line names, or give the app another role; then retry.',
});

function notWritable(line: string): Cause {
  const path = pathIn(line);
  return {
    message: `the app may not write ${path ?? 'where it tries to'}: ${line.slice(0, 300)}`,
    remedy:
      'The app may write below its own folder and /tmp; there is no volume, so files are lost when it restarts. Write there, or keep the data in a database. In a Dockerfile of your own, give the folder to the app’s user (COPY --chown=10001, USER 10001).',
  };
}

const notExecutable = (file: string): Cause => ({
  message: `${file} may not be executed: the file has no execute permission`,
  remedy: `Run "chmod +x ${file}" before you send the source, or start it through its interpreter (sh ${file}).`,
});

/** `./start.sh: Permission denied`, as shells say it; of a redirection they name the path in the same way, so only scripts count. */
const ofScript =
  /^(?:\/bin\/)?(?:sh|ash|dash|bash): (?:line )?(?:\d{1,5}: )?(\.\/[\w./-]{1,200}|[\w./-]{1,200}\.(?:sh|py|js|pl)): permission denied/i;
const ofExec = /exec:? "?([\w./-]{1,200})"?: permission denied/i;

const quotedPath = /['"‘`](\.{0,2}\/[^'"’`\n]{1,300})['"’`]/;
/** `open /data/x.db: permission denied` */
const barePath = /(?:^|[ (])(\/[^\s:'"]{1,300}):? \(?(?:permission denied|read-only)/i;

function pathIn(line: string): string | undefined {
  return quotedPath.exec(line)?.[1] ?? barePath.exec(line)?.[1];
}

const ofSqlite = /attempt to write a readonly database|unable to open database file|SQLITE_CANTOPEN|SQLITE_READONLY/;

function causeIn(line: string): Cause | undefined {
  if (byDatabase.test(line)) return databaseRefused(line);
  if (ofSqlite.test(line)) return notWritable(line);
  if (saysRoot.test(line)) return rootNeeded(line);
  const denied = isDenied.test(line);
  if (denied && (isRootOnly.test(line) || isBinding.test(line))) return rootNeeded(line);
  if (!denied && !isReadOnly.test(line)) return undefined;
  const script = ofScript.exec(line)?.[1] ?? ofExec.exec(line)?.[1];
  if (script !== undefined) return notExecutable(script);
  return pathIn(line) === undefined && !isFileOperation.test(line) ? undefined : notWritable(line);
}

/** An error of the operating system; a web framework may print "Permission denied" for its own reasons. */
const isFileOperation =
  /EACCES|EROFS|errno 13|errno 30|code: 13|code: 30|\(13: |os error 13|os error 30|read-only file system/i;

function rootNeeded(line: string): Cause {
  const { reason, message, remedy } = needsRoot(line);
  return { reason, message, remedy };
}

/** The first line of the log that reports a refused operation, explained. */
export function refusedOperation(log: string): Cause | undefined {
  for (const line of log.split('\n')) {
    const cause = causeIn(line.trim());
    if (cause !== undefined) return cause;
  }
  return undefined;
}
