// The program of the thread that answers /healthz and /readyz (health.ts starts it). It shares the state in memory with the main
// loop, and nothing else.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { type HealthWorkerData, healthAnswer, monotonicMs } from './health-state.ts';

const { memory, host, port } = workerData as HealthWorkerData;
const state = new BigInt64Array(memory);
// A connection that sends nothing is closed soon: this thread has little memory.
const timeouts = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 1_000,
  connectionsCheckingInterval: 1_000,
};
const server = createServer(timeouts, (request, response) => {
  const { status, text } = healthAnswer(request.url, state, monotonicMs());
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
});
server.listen(port, host, () => parentPort?.postMessage({ port: (server.address() as AddressInfo).port }));
