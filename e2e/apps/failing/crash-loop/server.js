const { createServer } = require('node:http');

if (!process.env.DATABASE_URL) throw new Error('DATABASE_URL is not set: nothing to connect to');
createServer((_request, response) => response.end('connected')).listen(process.env.PORT);
