const { createServer } = require('node:http');

const server = createServer((_request, response) => response.end('only for myself'));
server.listen(3000, '127.0.0.1', () => console.log('Server listening on http://127.0.0.1:3000'));
