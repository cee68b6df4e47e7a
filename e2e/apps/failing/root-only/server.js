const { chownSync } = require('node:fs');
const { createServer } = require('node:http');

// Only root may give a file to somebody else.
chownSync('/srv/server.js', 10001, 10001);
createServer((_request, response) => response.end('root')).listen(process.env.PORT);
