// Forms (multipart/form-data): fields of an action's input, and file parts that are the files of a tree.
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import { Problem } from '../problems.ts';
import { shown, sourceLimits, TreeCollector } from '../storage/tree.ts';
import { parseJson } from './json.ts';

const maxFields = 50;
const fieldBytes = 256 * 1024;
/** Limit of a form's body: its files, its fields, and the headers of their parts. */
export const formLimitBytes = sourceLimits.bytes + maxFields * fieldBytes + 4 * 1024 * 1024;

export interface Form {
  /** Without a prototype: a field called __proto__ is one like any other, and refused like any other. */
  readonly fields: Record<string, unknown>;
  /** Undefined for a form without files, or with empty ones only. */
  readonly files: TreeCollector | undefined;
}

/** Reads a form. Whatever it holds and however it ends, this resolves, or rejects with a Problem. */
export async function readForm(body: AsyncIterable<Buffer>, boundary: string): Promise<Form> {
  const reading = new FormReading(boundary);
  try {
    await pipeline(body, reading.parser);
    await Promise.all(reading.pending);
  } catch (error) {
    throw asProblem(error);
  }
  return reading.form();
}

class FormReading {
  readonly parser: busboy.Busboy;
  readonly pending: Promise<void>[] = [];
  readonly #texts = new Map<string, string>();
  readonly #collector = new TreeCollector();
  #bytes = 0;

  constructor(boundary: string) {
    this.parser = busboy({
      headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
      preservePath: true,
      defParamCharset: 'utf8',
      // One more file than allowed, so that the collector sees it and refuses.
      limits: {
        fields: maxFields,
        fieldSize: fieldBytes,
        files: sourceLimits.files + 1,
        parts: sourceLimits.files + maxFields + 2,
      },
    });
    // The parser emits one error per malformed part, also after it has failed. An error without a listener ends the process.
    this.parser.on('error', () => undefined);
    this.parser.on('field', (name, value, info) => this.#onField(name, value, info.valueTruncated));
    this.parser.on('fieldsLimit', () => this.#fail(tooMuch(`there are more than ${maxFields} fields`)));
    this.parser.on('partsLimit', () => this.#fail(tooMuch('there are too many parts')));
    this.parser.on('file', (_name, stream, { filename }) => this.#onFile(stream, filename));
  }

  form(): Form {
    const fields: Record<string, unknown> = Object.create(null);
    for (const [name, text] of this.#texts) fields[name] = fieldValue(text);
    return { fields, files: this.#bytes === 0 ? undefined : this.#collector };
  }

  #onField(name: string | undefined, value: string, isTruncated: boolean): void {
    if (name === undefined) this.#fail(tooMuch('a part has no name'));
    else if (isTruncated) this.#fail(tooMuch(`${shown(name)} has more than ${fieldBytes} bytes`));
    else this.#texts.set(name, value);
  }

  #onFile(stream: AsyncIterable<Buffer> & NodeJS.ReadableStream, filename: string | undefined): void {
    // The parser destroys the stream with its own error, which the pipeline reports.
    stream.on('error', () => undefined);
    if (this.parser.destroyed) return void stream.resume();
    this.pending.push(this.#readFile(stream, filename ?? '').catch((error: Error) => this.#fail(error)));
  }

  async #readFile(stream: AsyncIterable<Buffer>, filename: string): Promise<void> {
    const path = this.#collector.begin(filename);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream) {
      size += chunk.length;
      this.#bytes += chunk.length;
      this.#collector.count(path, chunk.length, size);
      chunks.push(chunk);
    }
    this.#collector.end(path, Buffer.concat(chunks), false);
  }

  #fail(error: Error): void {
    this.parser.destroy(error);
  }
}

const tooMuch = (what: string) =>
  new Problem('InvalidInput', `form: ${what}`, { field: 'form', hint: 'send files as file parts' });

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem('InvalidInput', 'the multipart body cannot be read', {
    hint: 'send a whole multipart/form-data body',
    cause: error,
  });
}

/** `3`, `true` and `{"A":"b"}` are JSON; everything else is text. */
export function fieldValue(text: string): unknown {
  if (!looksLikeJson(text.trim())) return text;
  try {
    return parseJson(text);
  } catch (error) {
    // What only looks like JSON is text; the schema says what was expected. But a text made to block the parser is refused.
    if (error instanceof Problem && error.details.cause === undefined) throw error;
    return text;
  }
}

function looksLikeJson(text: string): boolean {
  const ends = `${text.at(0)}${text.at(-1)}`;
  return ends === '{}' || ends === '[]' || /^(-?[0-9]{1,15}|true|false)$/.test(text);
}
