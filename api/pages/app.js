// Wires the feed to what shows it. Drawing waits for a frame of the screen; a hidden page only keeps count.

import { Correct, Ticker, Try } from "./asking.js";
import { Charts } from "./charts.js";
import { Feed, saveKey, savedKey } from "./feed.js";
import { History } from "./history.js";
import { addEvents, showAccuracy, showDeadLetters, showDrift, showFigures, showTickers, summaryOf } from "./panels.js";
import { Report } from "./report.js";
import { Status } from "./status.js";
import { write } from "./text.js";
import { Tweets } from "./tweets.js";

const SUMMARY_MS = 60_000; // to screen readers; the state itself is told when it changes

const byId = (id) => document.getElementById(id);
const history = new History();
const charts = window.uPlot ? new Charts(history) : null;
const correct = new Correct({ onKey: wantKey });
const ticker = new Ticker({ onKey: wantKey });
const report = new Report({ onKey: wantKey });
const tweets = new Tweets({ onCorrect: (tweet) => correct.open(tweet), onTicker: (name) => ticker.open(name) });
const status = new Status({ onRetry: () => feed.again() });
new Try({ onKey: wantKey });

let connection = { name: "connecting", detail: "" };
let tick = null;
let hasTweets = false;
let isDrawing = false;
let summarised = performance.now();

const feed = new Feed({
  frame(name, frame) {
    if (name !== "state" && name !== "tick") return;
    connection = { name: "open", detail: "" };
    tick = frame;
    const came = frame.tweets ?? [];
    hasTweets ||= came.length > 0;
    if (name === "state") {
      history.replace(frame.history ?? []);
      tweets.replace(came, frame.tweets_per_second);
    } else {
      history.add(frame);
      tweets.add(came, frame.tweets_per_second);
    }
    addEvents(frame.events ?? [], { afresh: name === "state" });
    draw();
  },
  state(next) {
    connection = { ...next, since: Date.now() };
    if (next.name === "key" || next.name === "forbidden") wantKey();
    draw();
  },
});

function draw() {
  if (isDrawing || document.hidden) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    status.show(connection, tick, hasTweets);
    document.body.classList.toggle("stale", tick !== null && connection.name !== "open");
    if (tick === null) return;
    showFigures(tick);
    showDrift(tick.drift, (id) => report.open(id));
    showTickers(tick.tickers ?? [], (name) => ticker.open(name));
    showAccuracy(tick.accuracy);
    showDeadLetters(tick.dead_letters);
    charts?.draw();
    if (connection.name === "open" && performance.now() - summarised > SUMMARY_MS) {
      summarised = performance.now();
      write(byId("summary"), summaryOf(tick, history.totals("labels")[0]));
    }
  });
}

function wantKey() {
  byId("key-form").hidden = false;
  byId("forget-key").hidden = savedKey() === null;
}

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  saveKey(byId("key").value.trim());
  byId("key").value = "";
  byId("key-form").hidden = true;
  feed.again();
});
byId("forget-key").addEventListener("click", () => {
  saveKey(null);
  byId("key-form").hidden = true;
  feed.again();
});

document.addEventListener("visibilitychange", draw);
window.addEventListener("online", () => feed.again());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts?.redraw());

byId("no-charts").hidden = charts !== null;
draw();
feed.run();
