// The list of tweets: the newest first, a bounded number, slow enough to be read.

import { clean, count, isolated, make, percent, sign, signed, time, write } from "./text.js";

const KEPT = 50;
const MOST_A_TICK = 3; // more can't be read as they come; a filter shows all that it lets through
const MOST_TICKERS = 6;

export class Tweets {
  #list = document.getElementById("tweets");
  #panel = document.getElementById("stream");
  #empty = document.getElementById("stream-empty");
  #shown = document.getElementById("shown");
  #pause = document.getElementById("pause");
  #filter = document.getElementById("filter");
  #rows = new WeakMap(); // tweet by row
  #held = new Set(); // reasons to hold the list
  #kept = []; // newest last: what a filter can show
  #rate = null;
  #passed = 0;

  constructor({ onCorrect, onTicker }) {
    this.#list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      const tweet = this.#rows.get(button?.closest("li"));
      if (!tweet) return;
      if (button.dataset.ticker) onTicker(button.dataset.ticker);
      else onCorrect(tweet);
    });
    this.#pause.addEventListener("click", () => {
      const paused = !this.#held.has("paused");
      this.#pause.setAttribute("aria-pressed", String(paused));
      write(this.#pause, paused ? "Go on" : "Pause");
      this.#hold("paused", paused);
    });
    // Who points at a tweet, or stands on its buttons, wants it to stay where it is.
    this.#list.addEventListener("pointerenter", () => this.#hold("pointed at", true));
    this.#list.addEventListener("pointerleave", () => this.#hold("pointed at", false));
    this.#list.addEventListener("focusin", (event) => this.#hold("in use", event.target.matches(":focus-visible")));
    this.#list.addEventListener("focusout", () => this.#hold("in use", false));
    this.#filter.addEventListener("input", () => this.#refill());
  }

  replace(tweets, rate) {
    this.#kept = tweets.slice(-KEPT);
    this.#rate = rate;
    this.#refill();
  }

  add(tweets, rate) {
    this.#rate = rate;
    this.#kept = this.#kept.concat(tweets).slice(-KEPT);
    if (this.#held.size > 0) this.#passed += tweets.length;
    else if (this.#words()) this.#show(tweets.filter((tweet) => this.#matches(tweet)));
    else this.#show(tweets.slice(-MOST_A_TICK));
    this.#say();
  }

  #hold(reason, isHeld) {
    const before = this.#held.size;
    if (isHeld) this.#held.add(reason);
    else this.#held.delete(reason);
    if (before > 0 && this.#held.size === 0 && this.#passed > 0) this.#refill();
    this.#list.classList.toggle("held", this.#held.size > 0);
    this.#say();
  }

  #refill() {
    this.#passed = 0;
    this.#list.replaceChildren();
    this.#show(this.#kept.filter((tweet) => this.#matches(tweet)));
    this.#say();
  }

  #show(tweets) {
    const rows = tweets.map((tweet) => this.#row(tweet)).reverse();
    this.#list.prepend(...rows);
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild.remove();
    this.#empty.hidden = this.#list.childElementCount > 0;
    write(this.#empty, this.#words() ? "No tweet with that among the last ones." : "Waiting for the first tweet.");
  }

  #say() {
    const held = this.#held.has("paused") ? "Paused" : this.#held.size > 0 ? "Held while it is in use" : "";
    const passed = this.#passed > 0 ? `, ${count(this.#passed)} newer` : "";
    const sampled = this.#rate > MOST_A_TICK ? `${MOST_A_TICK} of ${count(this.#rate)} a second` : "";
    write(this.#shown, held ? held + passed : this.#words() ? "filtered" : sampled);
  }

  #words() {
    return this.#filter.value.trim().toLowerCase();
  }

  #matches(tweet) {
    const words = this.#words();
    if (!words) return true;
    const tickers = (tweet.tickers ?? []).map((ticker) => `$${ticker}`).join(" ");
    return `${tickers} ${tweet.label} ${tweet.sentiment} ${tweet.text}`.toLowerCase().includes(words);
  }

  #row(tweet) {
    const row = make("li", `tweet ${["bullish", "bearish"].includes(tweet.sentiment) ? tweet.sentiment : "neutral"}`);
    const head = make("div", "line");
    const at = make("time", "", time(tweet.classified_at));
    at.dateTime = clean(tweet.classified_at, 40);
    const tickers = (tweet.tickers ?? []).slice(0, MOST_TICKERS).map((ticker) => {
      const button = make("button", "ticker");
      button.type = "button";
      button.dataset.ticker = ticker;
      button.append(isolated(`$${ticker}`, 16));
      return button;
    });
    const correct = make("button", "quiet", "Correct");
    correct.type = "button";
    correct.setAttribute("aria-label", `Correct the answer ${clean(tweet.label, 40)}`);
    const named = make("span", "tickers-of");
    named.append(...tickers);
    const by = make("span", "by", versions(tweet));
    by.title = by.textContent;
    head.append(at, feeling(tweet.sentiment, tweet.sentiment_score), topic(tweet.label, tweet.label_score), named, by, correct);
    const text = make("p", "text");
    text.append(isolated(tweet.text));
    row.append(head, text);
    this.#rows.set(row, tweet);
    return row;
  }
}

export function feeling(sentiment, score) {
  const shown = make("span", `feeling ${clean(sentiment, 10)}`);
  shown.append(make("span", "sign", sign(sentiment)), ` ${clean(sentiment, 10)} `, make("span", "score", signed(score)));
  return shown;
}

export function topic(label, score) {
  const shown = make("span", "topic");
  shown.append(clean(label, 40), " ", make("span", "score", percent(score)));
  return shown;
}

function versions(tweet) {
  const online = tweet.model?.online_version;
  const version = clean(tweet.model?.version, 24);
  return `${clean(tweet.answered_by, 12)} ${version}${online ? ` +${count(online)}` : ""}`;
}
