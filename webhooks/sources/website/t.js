/* Coldframe on your website: page views and forms of people who have consented. docs/sending.md says how to use it.
   Nothing is stored or sent before consent, and never where the browser asks not to be tracked. What a visitor does
   stays in this browser until they say who they are; from then on it goes to your own Coldframe. */
(function () {
  "use strict";
  var script = document.currentScript;
  if (!script || window.coldframe) return;
  var KEY = script.getAttribute("data-key");
  var TO = new URL("webhooks/website", script.src).href;
  var PLACE = "coldframe", MOST = 50, DAYS = 30, DAY = 86400000;
  var refused = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1" ||
    window.doNotTrack === "1" || navigator.webdriver === true;
  var memory = null, busy = false;

  function read() {
    try { return JSON.parse(localStorage.getItem(PLACE)); } catch (error) { return null; }
  }
  function keep() {
    try { localStorage.setItem(PLACE, JSON.stringify(memory)); } catch (error) { /* full or forbidden: this page alone */ }
  }
  function chance() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.prototype.map.call(bytes, function (byte) { return ("0" + byte.toString(16)).slice(-2); }).join("");
  }
  function mark(text) { /* tells two addresses apart, and gives neither back */
    var sum = 2166136261;
    for (var at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), 16777619) >>> 0;
    return sum;
  }
  function fresh() { return { visitor: chance(), who: 0, known: false, email: "", waiting: [] }; }
  function here() {
    var query = new URLSearchParams();
    new URLSearchParams(location.search).forEach(function (value, name) {
      if (name.indexOf("utm_") === 0) query.append(name, value);
    });
    var campaign = query.toString();
    return location.origin + location.pathname + (campaign ? "?" + campaign : "");
  }
  function note(type, more) {
    if (!memory) return;
    var activity = { id: chance().slice(0, 16), type: type, at: Date.now(), url: here() };
    for (var name in more) if (more[name]) activity[name] = String(more[name]).slice(0, 200);
    memory.waiting = memory.waiting.concat(activity).filter(function (each) {
      return each.at > Date.now() - DAYS * DAY;
    }).slice(-MOST);
    keep();
    send();
  }
  function send() {
    if (!memory || busy || !memory.waiting.length || !(memory.known || memory.email)) return;
    var these = memory.waiting.slice(), email = memory.email, visitor = memory.visitor;
    var message = { key: KEY, visitor: visitor, sent: Date.now(), activities: these };
    if (email) message.email = email;
    busy = true;
    fetch(TO, { method: "POST", body: JSON.stringify(message), credentials: "omit", keepalive: true,
      headers: { "content-type": "text/plain" } }).then(function (answer) {
      busy = false;
      if (!memory || memory.visitor !== visitor) return;
      if (answer.status === 429 || answer.status >= 500) return; /* with the next page */
      var done = these.map(function (each) { return each.id; });
      memory.waiting = memory.waiting.filter(function (each) { return done.indexOf(each.id) < 0; });
      if (email && memory.email === email) memory.email = "";
      if (answer.ok && email) memory.known = true;
      keep();
      if (answer.ok) send();
    }, function () { busy = false; /* with the next page */ });
  }
  function begin() {
    if (refused || memory) return;
    memory = read() || fresh();
    keep();
    note("page_view");
  }
  function consent(given) {
    if (given === true) { begin(); return; }
    memory = null;
    try { localStorage.removeItem(PLACE); } catch (error) { /* nothing is stored */ }
  }
  function identify(person) {
    var email = person && typeof person.email === "string" ? person.email.trim() : "";
    if (!memory || email.indexOf("@") < 1) return;
    var who = mark(email.toLowerCase());
    if (memory.who === who && memory.known) return;
    if (memory.who && memory.who !== who) { memory = fresh(); note("page_view"); } /* somebody else at this browser */
    memory.who = who;
    memory.email = email;
    keep();
    send();
  }
  function submitted(event) {
    var form = event.target;
    var name = form && form.getAttribute && form.getAttribute("data-coldframe-form");
    if (!name || !memory) return;
    var field = form.querySelector("input[type=email]");
    note("form_submit", { form: name });
    if (field && field.value) identify({ email: field.value });
  }

  window.coldframe = {
    consent: consent,
    identify: identify,
    page: function () { note("page_view"); },
    form: function (name) { note("form_submit", { form: name }); },
    download: function (asset) { note("content_download", { asset: asset }); }
  };
  document.addEventListener("submit", submitted, true);
  if (script.getAttribute("data-consent") === "given") consent(true);
})();
