"use strict";

const { createServer } = require("node:http");

/**
 * Keeps handlers by method and path.
 */

exports.Router = function Router() {
  this.routes = new Map();
};

exports.Router.prototype.on = function (method, path, handler) {
  this.routes.set(`${method} ${path}`, handler);
  return this;
};

/** Answers a request with the handler that was registered for it, or with 404; a handler that throws gives 500. */
exports.Router.prototype.handle = async function handle(request, response) {
  const { pathname } = new URL(request.url, "http://localhost");
  const handler = this.routes.get(`${request.method} ${pathname}`);
  if (handler === undefined) {
    response.writeHead(404).end();
    return;
  }
  try {
    await handler(request, response);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
};

const listen = (router, port) => createServer((request, response) => router.handle(request, response)).listen(port);

module.exports.listen = listen;
