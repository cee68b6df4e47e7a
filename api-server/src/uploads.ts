// Tickets: URLs that are themselves the permission. A ticket is signed, bound to its user and to the API key that it was made
// with, and expires. One for an upload is spent by its first success; one for the event stream may be used again, because an
// EventSource reconnects with the same URL. The signing key and the spent marks are on the volume, so a restarted server takes
// the tickets of its predecessor.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Problem } from './problems.ts';

const ticketSchema = z.object({
  id: z.string(),
  kind: z.enum(['upload', 'events']),
  user: z.string(),
  /** Id of the API key that it was made with; absent where nobody needs a key. */
  key: z.string().optional(),
  expires: z.number(),
});
type Ticket = z.output<typeof ticketSchema>;

/** Who a ticket stands for. */
export interface Holder {
  readonly user: string;
  readonly keyId?: string | undefined;
}

export const uploadMinutes = 15;
/** A page stays open for a working day, and reconnects with the ticket that it has. */
const eventsHours = 12;

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

  /** A ticket for one upload. */
  offer(holder: Holder): { ticket: string; expires: Date } {
    return this.#sign('upload', holder, uploadMinutes * 60_000);
  }

  /** A ticket with which a browser opens the event stream: EventSource sends no headers. */
  offerEvents(holder: Holder): { ticket: string; expires: Date } {
    return this.#sign('events', holder, eventsHours * 3_600_000);
  }

  /** The holder of an events ticket. */
  eventsHolder(ticket: string): Holder {
    return holderOf(this.#verify(ticket, 'events'));
  }

  /** Lets `receive` run for the ticket's holder; only its success spends the ticket. */
  async redeem<T>(ticket: string, receive: (holder: Holder) => Promise<T>): Promise<T> {
    const verified = this.#verify(ticket, 'upload');
    const { id } = verified;
    const mark = join(this.#folder, id);
    if (this.#underWay.has(id) || (await exists(mark))) throw refusedTicket('upload', 'it was used already');
    this.#underWay.add(id);
    try {
      const received = await receive(holderOf(verified));
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

  #sign(kind: Ticket['kind'], { user, keyId }: Holder, milliseconds: number): { ticket: string; expires: Date } {
    const expires = Date.now() + milliseconds;
    const ticket: Ticket = { id: randomBytes(12).toString('hex'), kind, user, key: keyId, expires };
    const payload = Buffer.from(JSON.stringify(ticket)).toString('base64url');
    return { ticket: `${payload}.${this.#mac(payload).toString('base64url')}`, expires: new Date(expires) };
  }

  #verify(text: string, kind: Ticket['kind']): Ticket {
    const [payload = '', signature = ''] = text.split('.');
    const mac = this.#mac(payload);
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== mac.length || !timingSafeEqual(given, mac)) throw refusedTicket(kind, 'it was not made here');
    const ticket = ticketSchema.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    if (ticket.kind !== kind) throw refusedTicket(kind, 'it is for something else');
    if (ticket.expires < Date.now()) throw refusedTicket(kind, 'it has expired');
    return ticket;
  }

  #mac(payload: string): Buffer {
    return createHmac('sha256', this.#key).update(payload).digest();
  }
}

const holderOf = ({ user, key }: Ticket): Holder => ({ user, keyId: key });

/** The refusal of a ticket, in words for its kind. */
export function refusedTicket(kind: Ticket['kind'], why: string): Problem {
  if (kind === 'events')
    return new Problem('TicketExpired', `this ticket cannot be used: ${why}`, {
      hint: 'POST /api/events/ticket returns a new one; open the EventSource again with it',
    });
  return new Problem('UploadSpent', `this URL cannot be used: ${why}`, {
    hint: 'create_upload returns a new one',
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
