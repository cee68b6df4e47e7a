// One GET of the app, as its user would see it: dialled at a given address with the app's Host (and SNI), no redirect
// followed, a bounded body. What its user sees then (shown.ts) is looked at once the answer is final.
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import type { Analysis, For } from '../analysis/analysis.ts';
import type { ProbeAnswer, ProbeTarget } from '../artifact/questions.ts';
import { boundedBody, get } from './dial.ts';
import { type Landing, landingOf, type ShownFacts, shownFacts } from './shown.ts';

/** How long to ask again, in milliseconds. */
const defaultPatience = {
  /** Between two questions, at most; the first ones come sooner, since a route is mostly there in tens of milliseconds. */
  pause: 500,
  /** An instance is ready when it takes connections, which may be a moment before it can answer well. */
  gate: 10_000,
  /** An ingress needs some seconds to know a new host or endpoint… */
  route: 30_000,
  /** …and minutes while it learns of thousands: as long as its 404 is the one for a host that nobody has, the app has said nothing. */
  unrouted: 120_000,
  /** An app that sleeps is woken by the question, on a busy node not quickly. */
  wake: 25_000,
};
type Patience = typeof defaultPatience;
const firstPauseMs = 25;

/** Enough for every question above, the last answer included. */
export const probeTimeoutMs = defaultPatience.unrouted + 60_000;

/** What reads the page, whose page it is, and when nobody needs the answer any more. */
export interface Asking extends For {
  readonly analysis: Pick<Analysis, 'page'>;
  readonly signal: AbortSignal;
}
/** An answer, with the headers and the page that a browser acts on. */
interface Asked {
  readonly answer: ProbeAnswer;
  readonly landing?: Landing;
}

/** Asks until the answer is good (or, through a route, the expected one) or patience ends; then tells the last answer. */
export async function probe(
  target: ProbeTarget,
  asking: Asking,
  patience: Patience = defaultPatience,
): Promise<ProbeAnswer> {
  const { signal } = asking;
  // The certificate is the ingress's business (often issued minutes later); the probe asks whether the app answers.
  const agent = new Agent({ connect: { servername: target.host, rejectUnauthorized: false, timeout: 3_000 } });
  const started = Date.now();
  try {
    for (let pause = firstPauseMs; ; pause *= 2) {
      const asked = await askOnce(target, agent, signal);
      const { answer } = asked;
      const isUnrouted = isDoubtful(answer, target) && (await isNobodys(answer, target, agent, signal));
      const isOver =
        (isWanted(answer, target) && !isUnrouted) || Date.now() - started >= patienceFor(target, isUnrouted, patience);
      if (isOver) {
        const isLast = target.expect !== undefined || answer.fingerprint === undefined;
        const sure = isLast ? answer : steady(answer, (await askOnce(target, agent, signal)).answer);
        return { ...sure, ...(await contentOf(asked, target, agent, asking)), ...(isUnrouted && { isUnrouted }) };
      }
      await sleep(Math.min(pause, patience.pause), undefined, { signal });
    }
  } finally {
    await agent.close();
  }
}

/** A 404 through an ingress may be its own, unless it is what the app itself says. */
function isDoubtful(answer: ProbeAnswer, target: ProbeTarget): boolean {
  if (answer.status !== 404 || target.routed !== true) return false;
  return target.expect === undefined || !isWanted(answer, target);
}

/** Whether the ingress answers so for a host that nobody has: then it does not know the app's host yet, and the 404 is its own. */
async function isNobodys(
  answer: ProbeAnswer,
  target: ProbeTarget,
  agent: Agent,
  signal: AbortSignal,
): Promise<boolean> {
  const { answer: nobody } = await askOnce(
    { ...target, host: `nobody-${randomBytes(4).toString('hex')}.${target.host}` },
    agent,
    signal,
  );
  return nobody.status === answer.status && nobody.fingerprint === answer.fingerprint;
}

function patienceFor({ expect, routed }: ProbeTarget, isUnrouted: boolean, patience: Patience): number {
  if (expect !== undefined) return isUnrouted ? patience.unrouted : patience.route;
  return routed === true ? patience.wake : patience.gate;
}

/** A page that says something else each time (a clock, a nonce) has no fingerprint. */
function steady(answer: ProbeAnswer, again: ProbeAnswer): ProbeAnswer {
  const { fingerprint, ...rest } = answer;
  return fingerprint !== undefined && fingerprint === again.fingerprint ? answer : rest;
}

function isWanted({ status, fingerprint }: ProbeAnswer, { expect, strict }: ProbeTarget): boolean {
  if (expect !== undefined)
    return status === expect.status && (expect.fingerprint === undefined || fingerprint === expect.fingerprint);
  return status >= 100 && status < (strict ? 400 : 500);
}

async function askOnce(target: ProbeTarget, agent: Agent, signal: AbortSignal): Promise<Asked> {
  const started = performance.now();
  try {
    const answer = await get(target, target.path, agent, signal);
    const latencyMs = Math.round(performance.now() - started);
    const body = await boundedBody(answer.body);
    const fingerprint = createHash('sha256').update(body).digest('hex').slice(0, 16);
    const refusedHost = refusalIn(body, answer.statusCode);
    return {
      answer: {
        kind: 'probe',
        status: answer.statusCode,
        latencyMs,
        fingerprint,
        ...(refusedHost !== undefined && { refusedHost }),
      },
      landing: landingOf(answer, body),
    };
  } catch (error) {
    signal.throwIfAborted();
    const latencyMs = Math.round(performance.now() - started);
    return { answer: { kind: 'probe', status: 0, latencyMs, error: messageOf(error) } };
  }
}

/** What the page shows. An app is not at fault for a page that takes too long to read: the answer then says so. */
async function contentOf(
  { landing }: Asked,
  target: ProbeTarget,
  agent: Agent,
  { analysis, ...whose }: Asking,
): Promise<ShownFacts & Pick<ProbeAnswer, 'error'>> {
  if (landing === undefined) return {};
  const read = (page: Uint8Array, path: string) => analysis.page(page, path, whose);
  try {
    return await shownFacts(landing, { target, agent, read, signal: whose.signal });
  } catch (error) {
    whose.signal.throwIfAborted();
    return { error: `the page was not read: ${messageOf(error)}` };
  }
}

/** The words of frameworks that refuse a host name they were not given. */
const refusals = [
  ['django', '<h1>Bad Request (400)</h1>'],
  ['django', 'DisallowedHost'],
  ['vite', 'Blocked request. This host'],
  ['other', 'Invalid Host header'],
  ['other', 'Invalid host header'],
] as const;
const refusalBytes = 8 * 1024;

function refusalIn(body: Uint8Array, status: number): ProbeAnswer['refusedHost'] {
  if (status !== 400 && status !== 403) return undefined;
  const text = Buffer.from(body.subarray(0, refusalBytes)).toString('latin1');
  return refusals.find(([, words]) => text.includes(words))?.[0];
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).slice(0, 200);
