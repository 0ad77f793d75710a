// The feed over HTTP: reads the stream of events, says how it stands, and comes back after it broke.

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const SILENCE_MS = 40_000; // the server says something at least every 15 s
const MOST_BUFFERED_CHARACTERS = 8_000_000; // an event is far smaller: this is no feed
const KEY_NAME = "tickertape-key";

export const savedKey = () => sessionStorage.getItem(KEY_NAME);
export function saveKey(key) {
  if (key) sessionStorage.setItem(KEY_NAME, key);
  else sessionStorage.removeItem(KEY_NAME);
}

// Asks this API; the address is relative, so it is right behind a proxy's prefix.
export function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (savedKey()) headers.authorization = `Bearer ${savedKey()}`;
  return fetch(path, { ...options, headers, cache: "no-store", credentials: "same-origin" });
}

// What a problem+json says, or at least its status.
export async function problemOf(response) {
  try {
    const problem = await response.json();
    const fields = (problem.errors ?? []).map((one) => `${one.field}: ${one.detail}`);
    return [problem.detail ?? problem.title, ...fields].join(" ");
  } catch {
    return `The API answered ${response.status}.`;
  }
}

export class Feed {
  #handlers;
  #wake = () => {};
  #abort = new AbortController();
  #failures = 0;
  #firstWait = FIRST_WAIT_MS;

  // handlers: frame(name, data), state({name, detail, waitMs})
  constructor(handlers) {
    this.#handlers = handlers;
  }

  async run() {
    for (;;) {
      const { name, detail, waitMs } = await this.#follow();
      this.#handlers.state({ name, detail, waitMs });
      await this.#wait(waitMs);
    }
  }

  // Tries again now, with the key that is saved now.
  again() {
    this.#failures = 0;
    this.#abort.abort();
    this.#wake();
  }

  async #follow() {
    this.#abort = new AbortController();
    try {
      const response = await ask("live", { headers: { accept: "text/event-stream" }, signal: this.#abort.signal });
      if (response.status === 401 || response.status === 403) {
        return { name: response.status === 401 ? "key" : "forbidden", detail: await problemOf(response), waitMs: null };
      }
      if (!response.ok) return { name: "refused", detail: await problemOf(response), waitMs: this.#nextWait() };
      await this.#read(response.body);
    } catch {
      // A refused connection, a broken one and silence are one thing to who reads: there is nothing.
    }
    return { name: "gone", detail: "", waitMs: this.#nextWait() };
  }

  async #read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let kept = "";
    for (;;) {
      const silence = setTimeout(() => this.#abort.abort(), SILENCE_MS);
      const { value, done } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      kept += value.replaceAll("\r", "");
      const blocks = kept.split("\n\n");
      kept = blocks.pop();
      if (kept.length > MOST_BUFFERED_CHARACTERS) throw new Error("no feed");
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block) {
    let name = "message";
    const data = [];
    for (const line of block.split("\n")) {
      const [, field, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
      if (field === "event") name = value;
      else if (field === "data") data.push(value);
      else if (field === "retry" && /^\d{1,6}$/.test(value)) this.#firstWait = Number(value);
    }
    if (data.length === 0) return;
    let frame;
    try {
      frame = JSON.parse(data.join("\n"));
    } catch {
      return; // half a frame is worth nothing; the next one comes in a second
    }
    this.#failures = 0;
    this.#handlers.frame(name, frame);
  }

  #nextWait() {
    const longest = Math.min(LONGEST_WAIT_MS, this.#firstWait * 2 ** Math.min(this.#failures++, 10));
    return longest * (0.75 + Math.random() / 4); // many pages must not come back at one moment
  }

  #wait(milliseconds) {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (milliseconds !== null) setTimeout(resolve, milliseconds);
    });
  }
}
