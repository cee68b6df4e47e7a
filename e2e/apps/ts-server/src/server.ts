import { createServer } from 'node:http';

interface Answer {
  readonly app: string;
  readonly path: string;
}

const port = Number(process.env.PORT ?? 3000);
createServer((request, response) => {
  const answer: Answer = { app: 'ts-server', path: request.url ?? '/' };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer));
}).listen(port, () => console.log(`ready on ${port}`));
