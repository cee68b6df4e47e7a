import { createServer } from 'node:http';
import answer from 'vibed-e2e-no-such-package-7f3a';

createServer((_request, response) => response.end(answer)).listen(process.env.PORT);
