import { createServer } from 'node:http';

createServer((_request, response) => response.end('never reached')).listen(process.env.PORT);
