// Origins in Node. Each answers with the path that it reads: `READ:/members/secret.txt`.
//
// node origins.cjs FOLDER_OF_NODE_MODULES SITE: prints the ports as JSON, by name.
'use strict';

const http = require('node:http');
const path = require('node:path');
const url = require('node:url');
const { createRequire } = require('node:module');

const [home, site] = process.argv.slice(2);
const express = createRequire(path.join(home, 'x.js'))('express');

const readers = {
  // The example of Node's own documentation.
  'node new URL': (req) => new URL(req.url, `http://${req.headers.host}`).pathname,
  'node new URL, decoded': (req) =>
    path.posix.normalize(decodeURIComponent(new URL(req.url, 'http://localhost').pathname)),
  'node new URL of decoded': (req) => new URL(decodeURIComponent(req.url), 'http://localhost').pathname,
  'node url.parse': (req) => url.parse(req.url).pathname,
};

function reading(read) {
  return (req, res) => {
    let text;
    try {
      text = `READ:${read(req)}\n`;
    } catch {
      res.statusCode = 400;
      text = 'not a path\n';
    }
    res.end(text);
  };
}

const app = express();
app.set('case sensitive routing', true);
app.use(express.static(site));
app.use((req, res) => res.send(`READ:${decodeURIComponent(req.path)}\n`));
app.use((error, req, res, next) => res.status(400).send('not a path\n'));

const servers = Object.entries(readers).map(([name, read]) => [name, http.createServer(reading(read))]);
servers.push(['express', http.createServer(app)]);
const ports = {};
for (const [name, server] of servers) {
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => {
    ports[name] = server.address().port;
    if (Object.keys(ports).length === servers.length) {
      console.log(JSON.stringify(ports));
    }
  });
}
