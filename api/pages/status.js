// How things stand, in one word and, where something is wrong, in sentences that say what to do.

import { clean, count, make, write } from "./text.js";

const byId = (id) => document.getElementById(id);
const WORDS = { good: "Live", wait: "Connecting", warn: "Waiting", bad: "Not live" };

const BROKER = {
  connecting: ["wait", "The API is connecting to Kafka."],
  gone: ["bad", "Kafka does not answer. What is shown is the last that came; it goes on by itself when Kafka is back."],
  "missing-topics": ["warn", "Kafka has no topic of classified tweets yet. Start a worker: tickertape worker"],
};
const NO_MODEL = ["warn", "The API has no model: it is being loaded, or could not be; then its log says why."];
const EMPTY = ["warn", "No tweets yet. Is a worker running, and does a feed bring tweets? To try: tickertape produce --generate --rate 50"];
const RANK = ["good", "wait", "warn", "bad"];

// What is wrong, the connection first: without it nothing is known of the rest.
function noticesOf(connection, tick, hasTweets) {
  const detail = clean(connection.detail, 600);
  switch (connection.name) {
    case "connecting":
      return [["wait", "Connecting to the API."]];
    case "gone":
      return [["bad", "The API does not answer. What is shown is the last that came."]];
    case "refused":
      return [["bad", `The API gives no feed. ${detail}`]];
    case "key":
      return [["bad", `This API wants a key. ${detail}`]];
    case "forbidden":
      return [["bad", `This key may not read the feed. ${detail}`]];
  }
  const notices = [];
  if (BROKER[tick.broker]) notices.push(BROKER[tick.broker]);
  else if (!hasTweets) notices.push(EMPTY);
  if (!tick.model) notices.push(NO_MODEL);
  return notices;
}

export class Status {
  #retry = make("button", "", "Try now");
  #countdown = make("span");
  #again = 0; // when, by Date.now
  #shown = "";

  constructor({ onRetry }) {
    this.#retry.type = "button";
    this.#retry.addEventListener("click", onRetry);
    this.#countdown.setAttribute("aria-hidden", "true"); // a screen reader would read every second of it
    setInterval(() => this.#count(), 500);
  }

  show(connection, tick, hasTweets) {
    const notices = noticesOf(connection, tick, hasTweets);
    const level = notices.reduce((worst, [one]) => (RANK.indexOf(one) > RANK.indexOf(worst) ? one : worst), "good");
    byId("state").dataset.level = level;
    write(byId("state-word"), WORDS[level]);
    const waits = Number.isFinite(connection.waitMs);
    this.#again = connection.since + connection.waitMs;
    const shown = JSON.stringify([notices, waits]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    byId("notices").replaceChildren(
      ...notices.map(([one, text]) => {
        const notice = make("p", "notice", text);
        notice.dataset.level = one;
        if (waits) notice.append(this.#countdown, this.#retry);
        return notice;
      }),
    );
    this.#count();
  }

  #count() {
    if (!this.#countdown.isConnected) return;
    write(this.#countdown, `Trying again in ${count(Math.max(0, Math.ceil((this.#again - Date.now()) / 1000)))} s.`);
  }
}
