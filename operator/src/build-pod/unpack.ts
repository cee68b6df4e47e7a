/** Unpacking a tar archive from somebody else: plain files only, everything counted while it streams. */

import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { shown } from '@vibed/recipe/shown';
import { Parser, type ReadEntry } from 'tar';
import { SourceError } from './fault.ts';
import type { TreeWriter } from './tree-writer.ts';

const fileTypes: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile']);

/** Unpacks an archive (plain or gzip) into the writer; links, devices and broken archives are SourceInvalid. */
export async function unpack(archive: Readable, writer: TreeWriter): Promise<void> {
  let queue = Promise.resolve();
  let failure: unknown;
  const stop = new AbortController();
  const parser = new Parser({
    strict: true,
    onReadEntry: entry => {
      queue = queue
        .then(() => (failure === undefined ? addEntry(entry, writer) : entry.resume()))
        .then(
          () => undefined,
          error => {
            failure ??= error;
            stop.abort();
          },
        );
    },
  });
  try {
    // The parser has write, end and the events of a stream, without being declared as one.
    await pipeline(archive, parser as unknown as NodeJS.WritableStream, { signal: stop.signal });
  } catch (error) {
    failure ??= archiveFault(error);
  }
  if (failure === undefined) await queue;
  if (failure !== undefined) throw failure;
}

async function addEntry(entry: ReadEntry, writer: TreeWriter): Promise<void> {
  if (entry.type === 'Directory' || entry.type === 'GNUDumpDir') return void entry.resume();
  if (!fileTypes.has(entry.type)) {
    const message = `${shown(entry.path)} is a ${entry.type}, not a plain file`;
    throw new SourceError('SourceInvalid', message, 'send plain files only: links and devices are refused');
  }
  await writer.add(entry.path, ((entry.mode ?? 0) & 0o100) !== 0, entry);
}

function archiveFault(error: unknown): unknown {
  const code = error instanceof Error && 'tarCode' in error ? error.tarCode : undefined;
  const zlib = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
  if (code === undefined && !zlib) return error;
  return new SourceError(
    'SourceInvalid',
    `the archive cannot be read: ${error instanceof Error ? error.message : ''}`,
    'send a tar or tar.gz file',
  );
}
