const { TestEnvironment } = require('jest-environment-jsdom');

/** jsdom with Node's fetch and what belongs to it: browsers have them, jsdom does not. */
module.exports = class extends TestEnvironment {
  constructor(...settings) {
    super(...settings);
    Object.assign(this.global, { fetch, Request, Response, Headers, AbortController, AbortSignal });
  }
};
