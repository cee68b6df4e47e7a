const { writeFileSync } = require('node:fs');
const { createServer } = require('node:http');

// Only root may write here.
writeFileSync('/etc/app.conf', 'started');
createServer((_request, response) => response.end('root')).listen(process.env.PORT);
