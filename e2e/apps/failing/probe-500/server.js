const { createServer } = require('node:http');

createServer((request, response) => {
  console.error(`cannot render ${request.url}: the template is missing`);
  response.statusCode = 500;
  response.end('Internal Server Error');
}).listen(process.env.PORT, () => console.log('ready'));
