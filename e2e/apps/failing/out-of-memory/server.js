const { createServer } = require('node:http');

createServer((_request, response) => response.end('big')).listen(process.env.PORT);
const held = [];
setInterval(() => held.push(Buffer.alloc(32 * 1024 * 1024, held.length + 1)), 20);
