// What is shown of texts that strangers wrote, and numbers as words. Nothing here or elsewhere makes markup of a text.

export const MOST_CHARACTERS = 400; // a tweet has 280; a text may have 25,000
const LINE_BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;
// Marks that turn the direction of what follows, and characters that are nothing to see.
const HIDDEN = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const CONTROLS = /[\p{Cc}\p{Cs}]/gu;
const STACKED_MARKS = /(\p{M}{2})\p{M}+/gu; // some languages need two on one letter

export function clean(value, most = MOST_CHARACTERS) {
  const given = String(value ?? "");
  const part = given
    .slice(0, 4 * most)
    .replace(LINE_BREAKS, " ")
    .replace(HIDDEN, "")
    .replace(CONTROLS, picture)
    .replace(STACKED_MARKS, "$1");
  const characters = Array.from(part);
  if (characters.length <= most && given.length <= 4 * most) return part;
  return characters.slice(0, most).join("") + "\u2026";
}

function picture(character) {
  const code = character.codePointAt(0);
  return code < 0x20 ? String.fromCodePoint(0x2400 + code) : "\ufffd";
}

export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

// Its direction ends where it ends, so it can't turn around what stands beside it.
export function isolated(text, most) {
  const element = make("bdi", "", clean(text, most));
  element.dir = "auto";
  return element;
}

// Only what changes is written: a browser lays out, and a screen reader reads, what is written.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const counts = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const small = new Intl.NumberFormat("en", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const percents = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const NONE = "\u2013";

const shown = (format) => (value) => (Number.isFinite(value) ? format(value) : NONE);
export const count = shown((value) => counts.format(value));
export const rate = shown((value) => (value > 0 && value < 10 ? small : counts).format(value));
export const percent = shown((value) => percents.format(value));
export const accuracy = shown((value) => exact.format(value));
export const signed = shown((value) => {
  const digits = Math.abs(value).toFixed(2);
  if (digits === "0.00") return digits;
  return (value < 0 ? "\u2212" : "+") + digits;
});
export const milliseconds = shown((value) =>
  value >= 10_000 ? `${counts.format(value / 1000)} s` : `${(value < 10 ? small : counts).format(value)} ms`,
);

export function time(value) {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? NONE : clock.format(date);
}

const SIGNS = { bullish: "\u25b2", bearish: "\u25bc", neutral: "\u25cf" };
export const sign = (sentiment) => SIGNS[sentiment] ?? "";

// Of a score from -1 to 1; between the two is what the eye calls neutral.
export const leaning = (score) => (score > 0.15 ? "bullish" : score < -0.15 ? "bearish" : "neutral");
