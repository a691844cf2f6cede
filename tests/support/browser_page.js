// A page of a website as far as /t.js looks at it, for tests in Node: run as `node browser_page.js T.JS SCENARIO`.
"use strict";
const { readFileSync } = require("node:fs");
const { webcrypto } = require("node:crypto");
const vm = require("node:vm");
const [script, scenario] = process.argv.slice(2);
const stored = new Map();

function storage(forbidden) {
  const barred = () => { throw new Error("storage is forbidden"); };
  return forbidden ? { getItem: barred, setItem: barred, removeItem: barred } : {
    getItem: (name) => (stored.has(name) ? stored.get(name) : null),
    setItem: (name, text) => stored.set(name, String(text)),
    removeItem: (name) => stored.delete(name),
  };
}

// A page view: `sent` has what was sent, `answers` the statuses to answer with (null: no answer), 202 when they are used up.
async function page(url, given = {}) {
  const place = new URL(url), listeners = {}, sent = [], answers = given.answers || [];
  const attributes = { "data-key": "pk_0123456789abcdef", "data-consent": given.consent || null };
  const window = {
    navigator: Object.assign({}, given.navigator),
    localStorage: storage(given.forbidden),
    location: { origin: place.origin, pathname: place.pathname, search: place.search },
    document: {
      currentScript: { src: "https://cf.example/t.js", getAttribute: (name) => attributes[name] || null },
      addEventListener: (name, listener) => { listeners[name] = listener; },
    },
    crypto: webcrypto, URL, URLSearchParams, JSON, Date, Math, Uint8Array, Array, String,
    fetch: (to, options) => {
      sent.push({ to, options, message: JSON.parse(options.body) });
      const status = answers.length ? answers.shift() : 202;
      return status === null ? Promise.reject(new Error("offline"))
        : Promise.resolve({ status, ok: status >= 200 && status < 300 });
    },
  };
  window.window = window;
  vm.runInNewContext(readFileSync(script, "utf-8"), window);
  const settle = () => new Promise((done) => setTimeout(done, 1));
  const submit = (name, email) => listeners.submit({ target: {
    getAttribute: () => name,
    querySelector: () => (email === undefined ? null : { value: email }),
  } });
  await settle();
  return { coldframe: window.coldframe, sent, settle, submit };
}

new Function("page", "stored", `return (async () => { ${scenario} })()`)(page, stored).then(
  (found) => console.log(JSON.stringify(found)),
  (error) => { console.error(error); process.exitCode = 1; },
);
