// Figures and tables beside the stream. Rows are kept and written anew, so that a focused button stays.

import { accuracy, clean, count, isolated, leaning, make, milliseconds, percent, rate, sign, signed, time, write } from "./text.js";

const byId = (id) => document.getElementById(id);
const KEPT_EVENTS = 20;
const MIX = ["bearish", "neutral", "bullish"];
const REPORT = /^\/drift\/([0-9a-f]{8}-[0-9]{8})$/;

// Shows as many rows as there are items; `make` gives one empty row and `fill` writes an item into it.
export function fillRows(body, items, makeRow, fill) {
  while (body.childElementCount > items.length) body.lastElementChild.remove();
  while (body.childElementCount < items.length) body.append(makeRow());
  items.forEach((item, index) => fill(body.children[index], item));
}

export function cellsOf(...classes) {
  const row = make("tr");
  row.append(...classes.map((name, index) => (index ? make("td", name) : make("th", name))));
  row.firstElementChild.scope = "row";
  return row;
}

export function showFigures(tick) {
  write(byId("rate"), rate(tick.tweets_per_second));
  write(byId("latency"), `${milliseconds(tick.latency_ms?.p50)} / ${milliseconds(tick.latency_ms?.p99)}`);
  const dead = Object.values(tick.dead_letters ?? {}).reduce((sum, number) => sum + number, 0);
  write(byId("dead"), count(dead));
  const model = tick.model;
  write(byId("model"), model ? `${clean(model.name, 24)} ${clean(model.version, 24)}${learned(model)}` : "none");
}

const learned = (model) => (model.online_version ? `, ${count(model.online_version)} labels learned` : "");

const DRIFT_WORDS = { ok: "\u2713 none", drift: "\u26a0 drift", unknown: "not watched" };

export function showDrift(drift, onReport) {
  const state = drift?.state ?? "unknown";
  const cell = byId("drift");
  const id = REPORT.exec(drift?.report ?? "")?.[1]; // anything else is no address of ours
  const shown = JSON.stringify([state, id, drift?.at]);
  if (cell.dataset.shown !== shown) {
    cell.dataset.shown = shown;
    cell.className = state === "drift" ? "bad" : "";
    cell.replaceChildren(DRIFT_WORDS[state] ?? clean(state, 20));
    if (id) {
      const button = make("button", "quiet", "report");
      button.type = "button";
      button.addEventListener("click", () => onReport(id));
      cell.append(" ", button);
    }
  }
  const causes = (drift?.causes ?? []).slice(0, 5).map((cause) => clean(cause, 120));
  byId("drift-causes").hidden = causes.length === 0;
  write(byId("drift-causes"), causes.length ? `Drift: ${causes.join("; ")}` : "");
}

export function showTickers(tickers, onTicker) {
  byId("tickers-empty").hidden = tickers.length > 0;
  fillRows(byId("tickers"), tickers.slice(0, 20), () => tickerRow(onTicker), fillTicker);
}

function tickerRow(onTicker) {
  const row = cellsOf("", "number", "mix", "number");
  const button = make("button", "ticker");
  button.type = "button";
  button.addEventListener("click", () => onTicker(button.dataset.ticker));
  row.firstElementChild.append(button);
  row.children[2].append(mixBar());
  return row;
}

function fillTicker(row, one) {
  const [name, tweets, mix, score] = row.children;
  const button = name.firstElementChild;
  if (button.dataset.ticker !== one.ticker) {
    button.dataset.ticker = one.ticker;
    button.replaceChildren(isolated(`$${one.ticker}`, 16));
  }
  write(tweets, count(one.tweets));
  fillMix(mix.firstElementChild, one);
  fillScore(score, one.sentiment_score);
}

// An empty bar of parts, drawn as SVG since the page's policy allows no style in an attribute.
function bar(names) {
  const namespace = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(namespace, "svg");
  drawn.setAttribute("viewBox", "0 0 100 8");
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.setAttribute("role", "img");
  for (const name of names) {
    const part = document.createElementNS(namespace, "rect");
    part.setAttribute("class", name);
    part.setAttribute("height", "8");
    drawn.append(part);
  }
  return drawn;
}

export const mixBar = () => bar(MIX);

// A share from 0 to 1 of what spoke for an answer, or against it.
export function shareBar(share, isAgainst) {
  const drawn = bar([isAgainst ? "against" : "for"]);
  drawn.firstElementChild.setAttribute("width", (100 * share).toFixed(1));
  drawn.setAttribute("aria-label", isAgainst ? "against it" : "for it");
  return drawn;
}

export function fillMix(drawn, counts) {
  const total = MIX.reduce((sum, name) => sum + (counts[name] ?? 0), 0) || 1;
  let start = 0;
  MIX.forEach((name, index) => {
    const width = (100 * (counts[name] ?? 0)) / total;
    drawn.children[index].setAttribute("x", start.toFixed(1));
    drawn.children[index].setAttribute("width", width.toFixed(1));
    start += width;
  });
  drawn.setAttribute("aria-label", MIX.map((name) => `${count(counts[name] ?? 0)} ${name}`).join(", "));
}

export function fillScore(cell, score) {
  const known = Number.isFinite(score);
  cell.className = `number ${known ? leaning(score) : ""}`;
  write(cell, known ? `${sign(leaning(score))} ${signed(score)}` : signed(score));
}

const WHO = { batch: "batch", online: "online, alone", served: "served" };

export function showAccuracy(report) {
  const figure = (who, head) => report?.[head]?.[who];
  const rows = Object.keys(WHO).filter((who) => figure(who, "label") || figure(who, "sentiment"));
  byId("accuracy-table").hidden = rows.length === 0;
  byId("accuracy-empty").hidden = rows.length > 0;
  fillRows(byId("accuracy"), rows, () => cellsOf("", "number", "number"), (row, who) => {
    write(row.children[0], WHO[who]);
    ["label", "sentiment"].forEach((head, index) => {
      const found = figure(who, head);
      write(row.children[index + 1], found ? `${accuracy(found.accuracy)} of ${count(found.labels)}` : accuracy(NaN));
    });
  });
}

export function showDeadLetters(reasons) {
  const rows = Object.entries(reasons ?? {}).sort((one, other) => other[1] - one[1]).slice(0, 12);
  byId("dead-table").hidden = rows.length === 0;
  byId("dead-empty").hidden = rows.length > 0;
  fillRows(byId("dead-letters"), rows, () => cellsOf("", "number"), (row, [reason, number]) => {
    write(row.children[0], clean(reason, 40).replaceAll("_", " "));
    write(row.children[1], count(number));
  });
}

export function addEvents(events, { afresh }) {
  const list = byId("events");
  if (afresh) list.replaceChildren();
  for (const event of events.slice(-KEPT_EVENTS)) {
    const item = make("li");
    const at = make("time", "", time(event.at));
    item.append(at, " ");
    item.append(isolated(event.text || event.type, 200));
    list.prepend(item);
  }
  while (list.childElementCount > KEPT_EVENTS) list.lastElementChild.remove();
}

export const summaryOf = (tick, topLabel) =>
  `${rate(tick.tweets_per_second)} tweets a second, latency ${milliseconds(tick.latency_ms?.p50)}` +
  (topLabel ? `, most of them ${clean(topLabel[0], 40)}` : "") +
  (tick.sampled_share < 1 ? `, ${percent(tick.sampled_share)} of them read for this page` : "");
