// One-time upload URLs. The URL itself is the permission: signed, bound to its owner, short-lived, and spent by its first
// success. Key and spent marks are on the volume, so a restarted server takes the URLs of its predecessor.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from './problems.ts';

const ticketSchema = z.object({
  id: z.string(),
  kind: z.enum(['upload', 'events']),
  user: z.string(),
  expires: z.number(),
});
type Ticket = z.output<typeof ticketSchema>;

export const uploadMinutes = 15;
const eventsSeconds = 60;

export class Uploads {
  readonly #folder: string;
  readonly #key: Buffer;
  readonly #underWay = new Set<string>();

  private constructor(folder: string, key: Buffer) {
    this.#folder = folder;
    this.#key = key;
  }

  static async open(root: string): Promise<Uploads> {
    const folder = join(root, 'uploads');
    await mkdir(folder, { recursive: true });
    return new Uploads(folder, await keyOf(join(root, 'signing.key')));
  }

  /** A ticket for one upload of this user. */
  offer(user: string): { ticket: string; expires: Date } {
    return this.#sign('upload', user, uploadMinutes * 60_000);
  }

  /** A ticket with which a browser opens the event stream: EventSource sends no headers. */
  offerEvents(user: string): { ticket: string; expires: Date } {
    return this.#sign('events', user, eventsSeconds * 1000);
  }

  /** The user of an events ticket. */
  eventsUser(ticket: string): string {
    return this.#verify(ticket, 'events').user;
  }

  /** Lets `receive` run for the ticket's owner; only its success spends the ticket. */
  async redeem<T>(ticket: string, receive: (user: string) => Promise<T>): Promise<T> {
    const { id, user } = this.#verify(ticket, 'upload');
    const mark = join(this.#folder, id);
    if (this.#underWay.has(id) || (await exists(mark))) throw spent('it was used already');
    this.#underWay.add(id);
    try {
      const received = await receive(user);
      await writeFile(mark, '');
      return received;
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** Forgets marks of tickets that are expired by now anyway. */
  async prune(now = Date.now()): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (now - (await stat(path)).mtimeMs > 2 * uploadMinutes * 60_000) await rm(path, { force: true });
    }
  }

  #sign(kind: Ticket['kind'], user: string, milliseconds: number): { ticket: string; expires: Date } {
    const expires = Date.now() + milliseconds;
    const ticket: Ticket = { id: randomBytes(12).toString('hex'), kind, user, expires };
    const payload = Buffer.from(JSON.stringify(ticket)).toString('base64url');
    return { ticket: `${payload}.${this.#mac(payload).toString('base64url')}`, expires: new Date(expires) };
  }

  #verify(text: string, kind: Ticket['kind']): Ticket {
    const [payload = '', signature = ''] = text.split('.');
    const mac = this.#mac(payload);
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== mac.length || !timingSafeEqual(given, mac)) throw spent('it was not made here');
    const ticket = ticketSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    if (ticket.kind !== kind) throw spent('it is for something else');
    if (ticket.expires < Date.now()) throw spent('it has expired');
    return ticket;
  }

  #mac(payload: string): Buffer {
    return createHmac('sha256', this.#key).update(payload).digest();
  }
}

function spent(why: string): Problem {
  return new Problem('UploadSpent', `this URL cannot be used: ${why}`, {
    hint: 'ask for a new one',
    next: [{ tool: 'create_upload', args: {}, why: 'gives a new URL' }],
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Made once; two processes that start together agree on the one that came first. */
async function keyOf(path: string): Promise<Buffer> {
  try {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(randomBytes(32));
    await file.sync();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const key = await readFile(path);
  if (key.length === 32) return key;
  // A kill between creating and writing it leaves an empty file.
  await rm(path);
  return await keyOf(path);
}
