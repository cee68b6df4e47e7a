// The Registry port over the OCI distribution protocol. Every request is tried again when another try may end otherwise; an
// upload begins anew then, because its bytes can be read again.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable, Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoginRefused, type RegistryClient, type RegistryRequest } from '../build-pod/registry-client.ts';
import { type Blob, type Manifest, mediaTypes, type Registry, RegistryError } from './registry.ts';

const tries = 4;
const firstPauseMs = 200;
/** Manifests are small; what claims to be one and is not ends here. */
const manifestLimit = 4 * 1024 * 1024;
/** What lists more pages of tags than this never ends. */
const pageLimit = 1000;
const manifestTypes = [mediaTypes.manifest, mediaTypes.index, mediaTypes.dockerManifest, mediaTypes.dockerIndex];

export interface OciRegistryOptions {
  readonly signal: AbortSignal;
  /** Of the first repetition, in milliseconds; each further one waits twice as long. */
  readonly pauseMs?: number;
}

/** Logins, as far as one was needed, are kept with the client; give it the same one for work that belongs together. */
export function ociRegistry(client: RegistryClient, { signal, pauseMs }: OciRegistryOptions): Registry {
  return new OciRegistry(client, signal, pauseMs ?? firstPauseMs);
}

type Ask = Omit<RegistryRequest, 'url' | 'signal' | 'scopes' | 'headers' | 'body'> & {
  readonly repository: string;
  readonly url: URL;
  readonly headers?: RegistryRequest['headers'];
  readonly body?: () => Readable;
  /** Another repository that is read from. */
  readonly from?: string;
};

class OciRegistry implements Registry {
  readonly #client: RegistryClient;
  readonly #signal: AbortSignal;
  readonly #pauseMs: number;

  constructor(client: RegistryClient, signal: AbortSignal, pauseMs: number) {
    this.#client = client;
    this.#signal = signal;
    this.#pauseMs = pauseMs;
  }

  resolve(repository: string, reference: string): Promise<Manifest | undefined> {
    const url = this.#url(repository, `manifests/${reference}`);
    return this.#persist(async () => {
      const answer = await this.#ask({ method: 'GET', repository, url, headers: { accept: manifestTypes.join(', ') } });
      if (answer.statusCode === 404) return void answer.resume();
      await expectStatus(answer, [200], `${repository}:${reference}`);
      const bytes = await bytesOf(answer, manifestLimit);
      const digest = digestOf(bytes);
      if (reference.startsWith('sha256:') && digest !== reference)
        throw new RegistryError('DigestMismatch', `the manifest ${repository}@${reference} has the digest ${digest}`);
      return { digest, mediaType: String(answer.headers['content-type'] ?? ''), bytes };
    });
  }

  exists(repository: string, digest: string): Promise<boolean> {
    const url = this.#url(repository, `blobs/${digest}`);
    return this.#persist(async () => {
      const answer = await this.#ask({ method: 'HEAD', repository, url });
      answer.resume();
      if (answer.statusCode === 404) return false;
      await expectStatus(answer, [200], `${repository}@${digest}`);
      return true;
    });
  }

  read(repository: string, digest: string): Promise<Readable> {
    const url = this.#url(repository, `blobs/${digest}`);
    return this.#persist(async () => {
      const answer = await this.#ask({ method: 'GET', repository, url });
      await expectStatus(answer, [200], `${repository}@${digest}`);
      const checked = checking(digest);
      answer.on('error', error => checked.destroy(error));
      return answer.pipe(checked);
    });
  }

  async push(repository: string, blob: Blob): Promise<void> {
    if (await this.exists(repository, blob.digest)) return;
    await this.#persist(async () => {
      const url = this.#url(repository, 'blobs/uploads/');
      const started = await this.#ask({ method: 'POST', repository, url });
      await expectStatus(started, [202], `an upload to ${repository}`);
      await this.#upload(repository, blob, this.#location(started, url));
    });
  }

  async #upload(repository: string, { digest, size, open }: Blob, url: URL): Promise<void> {
    url.searchParams.set('digest', digest);
    const headers = { 'content-type': 'application/octet-stream', 'content-length': size };
    const answer = await this.#ask({ method: 'PUT', repository, url, headers, body: open });
    if (answer.statusCode === 400)
      throw new RegistryError('DigestMismatch', `${repository} did not take ${digest}: ${await reasonOf(answer)}`);
    await expectStatus(answer, [201, 204], `the upload of ${digest} to ${repository}`);
    answer.resume();
  }

  mount(repository: string, digest: string, from: string): Promise<boolean> {
    const url = this.#url(repository, 'blobs/uploads/');
    url.search = new URLSearchParams({ mount: digest, from }).toString();
    return this.#persist(async () => {
      const answer = await this.#ask({ method: 'POST', repository, url, from });
      answer.resume();
      // 202: the registry began an upload instead, which it will forget.
      if (answer.statusCode === 202) return false;
      await expectStatus(answer, [201], `sharing ${digest} of ${from} with ${repository}`);
      return true;
    });
  }

  put(repository: string, reference: string, { bytes, mediaType, digest }: Manifest): Promise<void> {
    const url = this.#url(repository, `manifests/${reference}`);
    const headers = { 'content-type': mediaType, 'content-length': bytes.length };
    return this.#persist(async () => {
      const answer = await this.#ask({ method: 'PUT', repository, url, headers, body: () => Readable.from([bytes]) });
      if (answer.statusCode === 400 || answer.statusCode === 404) {
        const reason = await reasonOf(answer);
        const fault = /BLOB_UNKNOWN/.test(reason) ? 'NotFound' : 'Refused';
        throw new RegistryError(fault, `${repository} did not take the manifest ${digest}: ${reason}`);
      }
      await expectStatus(answer, [201], `the manifest ${repository}@${digest}`);
      answer.resume();
      const stored = answer.headers['docker-content-digest'];
      if (stored !== undefined && stored !== digest)
        throw new RegistryError('DigestMismatch', `${repository} stored the manifest ${digest} as ${stored}`);
    });
  }

  async tags(repository: string): Promise<readonly string[]> {
    const tags: string[] = [];
    const url = this.#url(repository, 'tags/list');
    for (let page = 0; page < pageLimit; page += 1) {
      const { found, next } = await this.#tagPage(repository, url);
      tags.push(...found);
      if (next === undefined) return tags;
      url.search = next;
    }
    throw new RegistryError('Refused', `the registry lists the tags of ${repository} without end`);
  }

  #tagPage(repository: string, url: URL): Promise<{ found: readonly string[]; next?: string | undefined }> {
    return this.#persist(async () => {
      const answer = await this.#ask({ method: 'GET', repository, url });
      if (answer.statusCode === 404) {
        answer.resume();
        return { found: [] };
      }
      await expectStatus(answer, [200], `the tags of ${repository}`);
      const text = (await bytesOf(answer, manifestLimit)).toString();
      return { found: tagsIn(text, repository), next: nextQuery(String(answer.headers.link ?? '')) };
    });
  }

  delete(repository: string, digest: string): Promise<void> {
    const url = this.#url(repository, `manifests/${digest}`);
    return this.#persist(async () => {
      const answer = await this.#ask({ method: 'DELETE', repository, url });
      if (answer.statusCode === 404) return void answer.resume();
      if (answer.statusCode === 405)
        throw new RegistryError('Unsupported', `the registry does not delete: ${await reasonOf(answer)}`);
      await expectStatus(answer, [200, 202], `deleting ${repository}@${digest}`);
      answer.resume();
    });
  }

  #url(repository: string, rest: string): URL {
    return new URL(`/v2/${repository}/${rest}`, this.#client.url);
  }

  /** Behind a TLS-terminating proxy, registries often name themselves by http. */
  #location(answer: IncomingMessage, asked: URL): URL {
    answer.resume();
    const url = new URL(answer.headers.location ?? '', asked);
    if (url.host === this.#client.url.host) url.protocol = this.#client.url.protocol;
    return url;
  }

  async #ask({ method, repository, url, headers = {}, body, from }: Ask): Promise<IncomingMessage> {
    const rights = method === 'GET' || method === 'HEAD' ? 'pull' : method === 'DELETE' ? 'delete' : 'pull,push';
    const scopes = [`repository:${repository}:${rights}`, ...(from === undefined ? [] : [`repository:${from}:pull`])];
    const request = { method, url, headers, scopes, signal: this.#signal, ...(body !== undefined && { body: body() }) };
    try {
      return await this.#client.send(request);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof LoginRefused) throw new RegistryError('Denied', error.message, { cause: error });
      throw new RegistryError('Unavailable', `the registry could not be reached: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Again with growing pauses while the registry is away, or has garbled an upload. */
  async #persist<T>(once: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once();
      } catch (error) {
        const isWorthIt = error instanceof RegistryError && ['Unavailable', 'DigestMismatch'].includes(error.fault);
        if (!isWorthIt || attempt === tries) throw error;
        await sleep(this.#pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random()), undefined, { signal: this.#signal });
      }
    }
  }
}

/** Some write null for none. */
function tagsIn(text: string, repository: string): readonly string[] {
  try {
    return (JSON.parse(text) as { tags?: string[] | null }).tags ?? [];
  } catch (error) {
    throw new RegistryError('Refused', `the tags of ${repository} are not a list`, { cause: error });
  }
}

/** Of the page after this one. Only the query of the link is believed: it cannot lead to another host or repository. */
const nextQuery = (link: string): string | undefined => /<[^<>?]*\?([^<>]*)>\s*;\s*rel="?next"?/.exec(link)?.[1];

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Passes bytes on and fails at the end when they are not those of the digest. */
function checking(digest: string): Transform {
  const hash = createHash('sha256');
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      const found = `sha256:${hash.digest('hex')}`;
      done(found === digest ? null : new RegistryError('DigestMismatch', `the registry gave ${found} for ${digest}`));
    },
  });
}

async function expectStatus(answer: IncomingMessage, wanted: readonly number[], what: string): Promise<void> {
  const status = answer.statusCode ?? 0;
  if (wanted.includes(status)) return;
  const reason = await reasonOf(answer);
  const said = `the registry answered ${status} for ${what}${reason === '' ? '' : `: ${reason}`}`;
  if (status === 401 || status === 403) throw new RegistryError('Denied', said);
  if (status === 404) throw new RegistryError('NotFound', said);
  throw new RegistryError(status >= 500 || status === 429 || status === 408 ? 'Unavailable' : 'Refused', said);
}

/** The registry's own words: codes and messages of its error list, shortened. */
async function reasonOf(answer: IncomingMessage): Promise<string> {
  const text = (await bytesOf(answer, 64 * 1024).catch(() => Buffer.alloc(0))).toString();
  try {
    const { errors = [] } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    return errors
      .map(e => `${e.code ?? ''} ${e.message ?? ''}`.trim())
      .join('; ')
      .slice(0, 300);
  } catch {
    return ''; // a page of a proxy says nothing that belongs into a status
  }
}

async function bytesOf(answer: IncomingMessage, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > limit) throw new RegistryError('Refused', 'the registry answers without end');
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    throw new RegistryError('Unavailable', `the registry broke off: ${messageOf(error)}`, { cause: error });
  }
  return Buffer.concat(parts);
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
