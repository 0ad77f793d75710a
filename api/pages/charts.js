// The charts: uPlot draws them; colours are the style sheet's, and each has its newest figures as text.

import { BUCKET_SECONDS, KEPT_BUCKETS } from "./history.js";
import { accuracy, clean, make, milliseconds, percent, rate, sign, time, write } from "./text.js";

const HEIGHT = 112;
const SHOWN_LABELS = 6;
const OTHERS = "others";
const SENTIMENTS = ["bearish", "neutral", "bullish"];
const SENTIMENT_COLOURS = { bearish: "--bear-fill", neutral: "--neutral-fill", bullish: "--bull-fill" };
const ANSWERERS = { batch: "--muted", online: "--online", served: "--accent" };
const LEAST_SECONDS = 120; // of a feed that has just begun
const FONT = "11px system-ui, sans-serif";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const shownTime = (_plot, low, high) => [Math.max(Math.min(low, high - LEAST_SECONDS), high - KEPT_BUCKETS * BUCKET_SECONDS), high];
const finite = (values) => values.filter((value) => Number.isFinite(value));

class Chart {
  #figure;
  #plot = null;
  #place;
  #output;
  #spec;
  #data = null;
  #series = "";

  constructor(id, spec) {
    this.#figure = document.getElementById(id);
    this.#place = this.#figure.querySelector("div");
    this.#output = this.#figure.querySelector("output");
    this.#place.setAttribute("role", "img");
    this.#spec = spec;
    new ResizeObserver(() => this.#resize()).observe(this.#place);
  }

  // lines: [{name, values, stroke, fill}], as long as `at`; without any value there is nothing to see
  draw(at, lines) {
    this.#figure.hidden = !lines.some((line) => finite(line.values).length > 0);
    if (this.#figure.hidden) return;
    this.#data = [at, ...lines.map((line) => line.values)];
    const series = JSON.stringify(lines.map((line) => [line.name, line.stroke]));
    if (!this.#plot || series !== this.#series) this.#make(lines);
    else this.#plot.setData(this.#data);
    this.#series = series;
    this.#say(at.length - 1);
  }

  forget() {
    this.#series = "";
  }

  #make(lines) {
    this.#plot?.destroy();
    const axis = {
      stroke: colour("--muted"),
      font: FONT,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
    };
    const options = {
      width: this.#place.clientWidth || 300,
      height: HEIGHT,
      legend: { show: false },
      padding: [6, 15, 0, 0],
      cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 5 } },
      scales: { x: { range: shownTime }, y: { range: this.#spec.range } },
      axes: [
        { ...axis, size: 22, space: 50, values: (_plot, splits) => splits.map((at) => time(at * 1000).slice(0, 5)) },
        { ...axis, size: 46, space: 26, values: (_plot, splits) => splits.map(this.#spec.tick) },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          stroke: colour(line.stroke),
          fill: line.fill && colour(line.fill),
          width: line.fill === line.stroke ? 0 : 1.5,
          points: { show: false },
        })),
      ],
      hooks: { setCursor: [(plot) => this.#say(plot.cursor.idx ?? this.#data[0].length - 1)] },
    };
    this.#plot = new uPlot(options, this.#data, this.#place);
  }

  #say(index) {
    const words = this.#spec.words(index);
    write(this.#output, words);
    this.#place.setAttribute("aria-label", words);
  }

  #resize() {
    const width = this.#place.clientWidth;
    if (this.#plot && width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }
}

export class Charts {
  #history;
  #slots = []; // label by colour: a label keeps its colour while it is among the first
  #shares = { labels: [], sentiments: [] };

  constructor(history) {
    this.#history = history;
    const at = (index) => history.buckets[index] ?? {};
    const fromZero = (_plot, _low, high) => [0, Math.max(1, (high ?? 0) * 1.15)];
    const share = { range: [0, 1], tick: percent };
    this.rate = new Chart("chart-rate", { range: fromZero, tick: rate, words: (index) => rate(at(index).rate) });
    this.latency = new Chart("chart-latency", {
      range: fromZero,
      tick: milliseconds,
      words: (index) => milliseconds(at(index).latency),
    });
    this.sentiments = new Chart("chart-sentiments", { ...share, words: (index) => this.#words("sentiments", index) });
    this.labels = new Chart("chart-labels", { ...share, words: (index) => this.#words("labels", index) });
    this.accuracy = new Chart("chart-accuracy", {
      range: (_plot, low, high) => (high === null ? [0, 1] : [Math.max(0, low - 0.05), Math.min(1, high + 0.05)]),
      tick: percent,
      words: (index) => Object.keys(ANSWERERS).map((who) => `${who} ${accuracy(at(index)[who])}`).join(", "),
    });
  }

  draw() {
    const buckets = this.#history.buckets;
    if (buckets.length === 0) return;
    const at = buckets.map((bucket) => bucket.at);
    const line = (name, field, stroke, fill) => ({ name, values: buckets.map((one) => one[field]), stroke, fill });
    this.rate.draw(at, [line("rate", "rate", "--accent", "--accent-fill")]);
    this.latency.draw(at, [line("latency", "latency", "--accent", "--accent-fill")]);
    this.accuracy.draw(at, Object.entries(ANSWERERS).map(([who, stroke]) => line(who, who, stroke)));
    this.#stack(this.sentiments, at, "sentiments", SENTIMENTS, (name) => SENTIMENT_COLOURS[name]);
    const slots = this.#fillSlots();
    this.#stack(this.labels, at, "labels", [...slots, OTHERS], (name) => `--${this.#swatch(name)}`);
    this.#legends(slots);
  }

  // After the colours have changed.
  redraw() {
    for (const chart of [this.rate, this.latency, this.sentiments, this.labels, this.accuracy]) chart.forget();
    this.draw();
  }

  #fillSlots() {
    const first = this.#history.totals("labels").slice(0, SHOWN_LABELS).map(([name]) => name);
    this.#slots = this.#slots.map((name) => (first.includes(name) ? name : null));
    for (const name of first) {
      if (this.#slots.includes(name)) continue;
      const free = this.#slots.indexOf(null);
      this.#slots.splice(free === -1 ? this.#slots.length : free, free === -1 ? 0 : 1, name);
    }
    return this.#slots.filter((name) => name !== null);
  }

  // Areas one upon another: each is drawn from its upper edge down to 0, the highest first, and the next covers it.
  #stack(chart, at, field, names, stroke) {
    this.#shares[field] = this.#history.buckets.map((bucket) => shares(bucket[field], names));
    const edges = names.map((_, last) =>
      this.#shares[field].map((one) => (one === null ? null : one.slice(0, last + 1).reduce((sum, part) => sum + part, 0))),
    );
    const lines = names.map((name, index) => ({ name, values: edges[index], stroke: stroke(name), fill: stroke(name) }));
    chart.draw(at, lines.reverse());
  }

  #words(field, index) {
    const names = field === "labels" ? this.#slots.filter((name) => name !== null) : SENTIMENTS;
    const here = this.#shares[field][index];
    if (!here) return "";
    return names.map((name, place) => `${clean(name, 40)} ${percent(here[place])}`).join(", ");
  }

  #legends(slots) {
    legend("chart-sentiments", SENTIMENTS, (name) => ({ text: `${sign(name)} ${name}`, swatch: name }));
    legend("chart-accuracy", Object.keys(ANSWERERS), (name) => ({ text: name, swatch: name }));
    legend("chart-labels", [...slots, OTHERS], (name) => ({ text: name, swatch: this.#swatch(name) }));
  }

  #swatch(name) {
    return `label-${name === OTHERS ? OTHERS : this.#slots.indexOf(name)}`;
  }
}

function shares(counts, names) {
  const total = finite(Object.values(counts)).reduce((sum, number) => sum + number, 0);
  if (total === 0) return null;
  const named = names.map((name) => (name === OTHERS ? 0 : (counts[name] ?? 0) / total));
  if (names.at(-1) === OTHERS) named[names.length - 1] = 1 - named.reduce((sum, part) => sum + part, 0);
  return named;
}

function legend(id, names, describe) {
  const figure = document.getElementById(id);
  const list = figure.querySelector("ul") ?? figure.appendChild(make("ul", "legend"));
  const described = names.map(describe);
  if (list.dataset.shown === JSON.stringify(described)) return;
  list.dataset.shown = JSON.stringify(described);
  list.replaceChildren(
    ...described.map(({ text, swatch }) => {
      const item = make("li");
      item.append(make("span", `swatch ${swatch}`), clean(text, 40));
      return item;
    }),
  );
}
