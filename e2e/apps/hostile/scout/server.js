const fs = require('node:fs');
const http = require('node:http');
const { scout } = require('./scout.js');

http
  .createServer(async (request, response) => {
    if (request.url === '/now') response.end(JSON.stringify(await scout()));
    else if (request.url === '/built') response.end(fs.readFileSync(`${__dirname}/built.json`));
    else response.end('scout');
  })
  .listen(process.env.PORT);
