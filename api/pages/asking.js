// The forms: try a text, correct an answer, look at one ticker.

import { ask, problemOf } from "./feed.js";
import { cellsOf, fillMix, fillRows, fillScore, mixBar, shareBar } from "./panels.js";
import { clean, count, isolated, make, percent, signed, time, write } from "./text.js";
import { feeling, topic } from "./tweets.js";

const byId = (id) => document.getElementById(id);
export const WANTS_KEY = [401, 403]; // none, or one that may not do this
const NOT_EXPLAINABLE = 501;
const SHOWN_TERMS = 6;
export const UNREACHABLE = "The API does not answer. Try again in a moment.";

const send = (path, body) =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

// Runs one request of a form at a time; shows what went wrong beside it, and tells who wants to know of keys.
async function submit(button, problem, onKey, request) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  write(problem, "");
  try {
    const response = await request();
    if (response.ok) return await response.json();
    if (WANTS_KEY.includes(response.status)) onKey();
    write(problem, clean(await problemOf(response), 600));
  } catch {
    write(problem, UNREACHABLE);
  } finally {
    button.removeAttribute("aria-disabled");
  }
  return null;
}

export class Try {
  constructor({ onKey }) {
    const text = byId("try-text");
    byId("try-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = { texts: [{ text: text.value }] };
      const answer = await submit(byId("try-send"), byId("try-problem"), onKey, async () => {
        const explained = await send("predict?explain=true", body);
        return explained.status === NOT_EXPLAINABLE ? send("predict", body) : explained;
      });
      if (answer) this.#show(answer.predictions[0]);
    });
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("try-form").requestSubmit();
    });
  }

  #show(tweet) {
    const head = make("p", "line");
    head.append(feeling(tweet.sentiment, tweet.sentiment_score), topic(tweet.label, tweet.label_score));
    for (const ticker of tweet.tickers.slice(0, 6)) head.append(" ", isolated(`$${ticker}`, 16));
    const others = Object.entries(tweet.labels).slice(1).map(([name, score]) => `${clean(name, 40)} ${percent(score)}`);
    const by = make("p", "muted", `${others.length ? `Next: ${others.join(", ")}. ` : ""}Answered by ${clean(tweet.answered_by, 12)}, version ${clean(tweet.model.version, 24)}.`);
    const answer = byId("try-answer");
    answer.replaceChildren(head, by);
    if (!tweet.explanation) {
      answer.append(make("p", "muted", "This model's answers can't be explained."));
      return;
    }
    const both = make("div", "explained");
    both.append(explained("Topic", tweet.explanation.label), explained("Sentiment", tweet.explanation.sentiment));
    answer.append(both);
  }
}

// The terms that moved the lead over the runner-up most, with a bar each.
function explained(title, parts) {
  const table = make("table");
  const caption = make("caption", "", `${title}: ${clean(parts.answer, 40)} before ${clean(parts.runner_up, 40)}`);
  const body = make("tbody");
  const terms = parts.terms.slice(0, SHOWN_TERMS);
  const most = Math.max(...terms.map((term) => Math.abs(term.lead)), 1e-9);
  for (const term of terms) {
    const row = cellsOf("term", "", "number");
    row.children[0].append(isolated(term.term, 40));
    row.children[1].append(shareBar(Math.abs(term.lead) / most, term.lead < 0));
    write(row.children[2], signed(term.lead));
    body.append(row);
  }
  table.append(caption, body);
  return table;
}

export class Correct {
  #tweet = null;
  #dialog = byId("correct");

  constructor({ onKey }) {
    byId("correct-close").addEventListener("click", () => this.#dialog.close());
    byId("correct-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      const [label, sentiment] = [byId("correct-label").value, byId("correct-sentiment").value];
      if (!label && !sentiment) return write(byId("correct-problem"), "Choose a topic, a sentiment, or both.");
      const given = { tweet_id: this.#tweet.id, text: this.#tweet.text, source: "page" };
      if (label) given.label = label;
      if (sentiment) given.sentiment = sentiment;
      const body = { feedback: [given] };
      const taken = await submit(byId("correct-send"), byId("correct-problem"), () => this.#keyNeeded(onKey), () => send("feedback", body));
      if (!taken) return;
      this.#dialog.close();
      write(byId("summary"), "The correction was taken.");
    });
  }

  open(tweet) {
    this.#tweet = tweet;
    byId("correct-text").replaceChildren(isolated(tweet.text));
    write(byId("correct-answer"), `The model says ${clean(tweet.label, 40)}, ${clean(tweet.sentiment, 10)}.`);
    byId("correct-label").value = "";
    byId("correct-sentiment").value = "";
    write(byId("correct-problem"), "");
    this.#dialog.showModal();
  }

  #keyNeeded(onKey) {
    this.#dialog.close();
    onKey();
  }
}

export class Ticker {
  #dialog = byId("ticker");
  #asked = 0;

  constructor({ onKey }) {
    this.onKey = onKey;
  }

  async open(ticker) {
    const asked = ++this.#asked;
    byId("ticker-title").replaceChildren(isolated(`$${ticker}`, 16));
    byId("ticker-table").hidden = true;
    byId("ticker-tweets").replaceChildren();
    write(byId("ticker-problem"), "");
    this.#dialog.showModal();
    try {
      const response = await ask(`tickers/${encodeURIComponent(ticker)}`);
      if (asked !== this.#asked) return;
      if (WANTS_KEY.includes(response.status)) {
        this.#dialog.close();
        this.onKey();
      }
      if (response.ok) this.#show(await response.json());
      else write(byId("ticker-problem"), clean(await problemOf(response), 600));
    } catch {
      write(byId("ticker-problem"), UNREACHABLE);
    }
  }

  #show({ windows, tweets }) {
    byId("ticker-table").hidden = false;
    fillRows(byId("ticker-windows"), windows, windowRow, (row, one) => {
      const [name, number, mix, score] = row.children;
      write(name, `${count(one.seconds / 60)} min`);
      write(number, count(one.tweets));
      fillMix(mix.firstElementChild, one);
      fillScore(score, one.sentiment_score);
    });
    byId("ticker-tweets").replaceChildren(...tweets.slice(-20).reverse().map(briefly));
  }
}

function windowRow() {
  const row = cellsOf("", "number", "mix", "number");
  row.children[2].append(mixBar());
  return row;
}

function briefly(tweet) {
  const item = make("li");
  const head = make("div", "line");
  head.append(make("time", "", time(tweet.classified_at)), feeling(tweet.sentiment, tweet.sentiment_score));
  head.append(topic(tweet.label, tweet.label_score));
  const text = make("p", "text");
  text.append(isolated(tweet.text));
  item.append(head, text);
  return item;
}
