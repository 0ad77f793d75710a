// A drift report over the page. A frame, like a link, brings no key; so the page asks for the report, and the frame gets it.

import { UNREACHABLE, WANTS_KEY } from "./asking.js";
import { ask, problemOf } from "./feed.js";
import { clean, make, write } from "./text.js";

const FRAME = new URL("report.html", import.meta.url);

const byId = (id) => document.getElementById(id);

export class Report {
  #dialog = byId("report");
  #onKey;
  #asked = 0;

  constructor({ onKey }) {
    this.#onKey = onKey;
    this.#dialog.addEventListener("close", () => this.#begin(""));
  }

  async open(id) {
    const asked = this.#begin("Loading");
    this.#dialog.showModal();
    const shown = await this.#fetched(id);
    if (asked !== this.#asked) return;
    write(byId("report-state"), shown.problem);
    if (shown.html !== null) this.#dialog.append(frameOf(shown.html));
  }

  #begin(state) {
    write(byId("report-state"), state);
    this.#dialog.querySelector("iframe")?.remove();
    return ++this.#asked;
  }

  async #fetched(id) {
    try {
      const response = await ask(`drift/${id}/report`);
      if (response.ok) return { html: await response.text(), problem: "" };
      if (WANTS_KEY.includes(response.status)) {
        this.#dialog.close();
        this.#onKey();
      }
      return { html: null, problem: clean(await problemOf(response), 600) };
    } catch {
      return { html: null, problem: UNREACHABLE };
    }
  }
}

function frameOf(html) {
  const frame = make("iframe");
  frame.title = "Drift report";
  frame.src = FRAME;
  // Its origin is none, so none can be named here; the page's policy lets no other server into a frame.
  frame.addEventListener("load", () => frame.contentWindow.postMessage(html, "*"), { once: true });
  return frame;
}
