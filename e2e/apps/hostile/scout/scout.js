// Tries what scouting.json names: connections (`open`, or why not) and HTTP requests (the status, or why there is none).
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');

const patienceMs = 4_000;
const { connections, requests } = JSON.parse(fs.readFileSync(`${__dirname}/scouting.json`, 'utf8'));

const connect = ({ host, port }) =>
  new Promise(resolve => {
    const socket = net.connect({ host, port });
    const end = answer => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(patienceMs, () => end('nothing'));
    socket.on('connect', () => end('open')).on('error', error => end(error.code));
  });

// `path` goes out as it is written: no URL parser sees it.
const request = ({ host, port, method = 'GET', path }) =>
  new Promise(resolve => {
    const sent = http.request({ host, port, method, path, timeout: patienceMs, agent: false }, answer => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('timeout', () => sent.destroy(new Error('nothing')));
    sent.on('error', error => resolve(error.code ?? error.message)).end();
  });

async function tried(targets, by) {
  const results = Object.entries(targets).map(async ([name, target]) => [name, await by(target)]);
  return Object.fromEntries(await Promise.all(results));
}

exports.scout = async () => ({ ...(await tried(connections, connect)), ...(await tried(requests, request)) });

if (require.main === module)
  exports.scout().then(report => fs.writeFileSync(`${__dirname}/built.json`, JSON.stringify(report)));
