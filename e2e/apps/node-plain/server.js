const { createServer } = require('node:http');

createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ app: 'node-plain', mode: process.env.MODE, path: request.url }));
}).listen(process.env.PORT, () => console.log('ready'));
