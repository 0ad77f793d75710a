"""Templates for tweets of every label and sentiment, and how their slots are filled.

A template is a line of `templates.json`: `{slot}` is filled, an upper-case `{SLOT}` is filled and shouted as a
headline, `[a|b]` is one of the choices. All wording, companies, tickers, brokers and people are our own invention.
"""

import html
import json
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import accumulate
from random import Random

from models.taxonomy import LABELS, Label, Sentiment

LINK_SHARE = 0.6  # of real finance tweets about two thirds end in a link
HASHTAG_SHARE = 0.08
EMOJI_SHARE = 0.05
EMOJI = {Sentiment.BULLISH: "🚀📈💪🐂", Sentiment.BEARISH: "📉🐻😬🔻", Sentiment.NEUTRAL: "👀🤔📊🗞"}
LINK = re.compile(r"https://t\.co/\w+")
LINK_CHARACTERS = string.ascii_letters + string.digits

_CHOICE = re.compile(r"\[([^\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_NO_TOPIC_TAGS = frozenset({Label.GENERAL_NEWS_OPINION, Label.POLITICS})  # `#stocks` would give them another topic


@dataclass(frozen=True)
class Phrase:
    """A tweet's text with what it is about.

    Attributes:
        text: as X gives it: `&`, `<` and `>` are HTML entities.
    """

    text: str
    label: Label
    sentiment: Sentiment


@dataclass(frozen=True)
class _Cast:
    """What must agree within one tweet: who acts, and the prices that are compared."""

    company: Mapping[str, str]
    other: Mapping[str, str]
    country: str
    other_country: str
    person: str
    price: int
    dividend: float
    billions: float


class PhraseBook:
    """All templates, ready to write from."""

    def __init__(self, content: Mapping[str, object]) -> None:
        """Take the parsed `templates.json`."""
        labels: Mapping[Label, Mapping[Sentiment, Sequence[str]]] = content["labels"]  # type: ignore[assignment]  # our own file, checked by a test
        weights: Mapping[Label, int] = content["weights"]  # type: ignore[assignment]  # as above
        self.companies: Sequence[Mapping[str, str]] = content["companies"]  # type: ignore[assignment]  # as above
        self.words: Mapping[str, Sequence[str]] = content["slots"]  # type: ignore[assignment]  # as above
        self._cumulative_weights = list(accumulate(weights[label] for label in LABELS))
        self._templates = {
            label: [
                Phrase(text=text, label=label, sentiment=Sentiment(sentiment))
                for sentiment, texts in labels[label].items()
                for text in texts
            ]
            for label in LABELS
        }

    def write(self, random: Random) -> Phrase:
        """Write a tweet; frequent labels come up more often, as on the real feed."""
        label = random.choices(LABELS, cum_weights=self._cumulative_weights)[0]
        return self.write_about(label, random)

    def write_about(self, label: Label, random: Random) -> Phrase:
        """Write a tweet about one topic."""
        template = random.choice(self._templates[label])
        text = _fill(template.text, book=self, random=random) + "".join(_endings(template, book=self, random=random))
        return Phrase(text=html.escape(text, quote=False), label=template.label, sentiment=template.sentiment)


def load_phrase_book() -> PhraseBook:
    """Read the templates that ship with the package."""
    return PhraseBook(json.loads(files("stream.feed").joinpath("templates.json").read_text(encoding="utf-8")))


def link(random: Random) -> str:
    """Make a short link as X writes it; it leads nowhere."""
    return "https://t.co/" + "".join(random.choices(LINK_CHARACTERS, k=10))


def _fill(template: str, *, book: PhraseBook, random: Random) -> str:
    company, other = random.sample(book.companies, 2)
    country, other_country = random.sample(book.words["country"], 2)
    cast = _Cast(
        company=company,
        other=other,
        country=country,
        other_country=other_country,
        person=random.choice(book.words["person"]),
        price=random.randint(18, 420),
        dividend=random.randint(12, 160) / 100,
        billions=random.randint(12, 480) / 10,
    )

    def value(match: re.Match[str]) -> str:
        slot = match[1]
        return _value(slot, cast, book.words, random) if slot.islower() else shouted(slot)

    def shouted(slot: str) -> str:
        return _value(slot.lower(), cast, book.words, random).upper()

    chosen = _CHOICE.sub(lambda match: random.choice(match[1].split("|")), template)
    filled = _SLOT.sub(value, chosen)
    return filled[0].upper() + filled[1:]


def _value(slot: str, cast: _Cast, words: Mapping[str, Sequence[str]], random: Random) -> str:
    if slot in _FROM_CAST:
        return _FROM_CAST[slot](cast)
    if slot in _NUMBERS:
        return _NUMBERS[slot](random)
    return random.choice(words[slot])


_FROM_CAST: Mapping[str, Callable[[_Cast], str]] = {
    "co": lambda cast: cast.company["name"],
    "co2": lambda cast: cast.other["name"],
    "tk": lambda cast: "$" + cast.company["ticker"],
    "tk2": lambda cast: "$" + cast.other["ticker"],
    "ticker": lambda cast: cast.company["ticker"],
    "country": lambda cast: cast.country,
    "country2": lambda cast: cast.other_country,
    "person": lambda cast: cast.person,
    "price": lambda cast: f"{cast.price}",
    "lower": lambda cast: f"{cast.price * 0.83:.0f}",
    "price2": lambda cast: f"{cast.price * 1.06:.0f}",
    "div": lambda cast: f"{cast.dividend:.2f}",
    "divlow": lambda cast: f"{cast.dividend * 0.9:.2f}",
    "bln": lambda cast: f"{cast.billions:.1f}",
    "blnlow": lambda cast: f"{cast.billions * 0.96:.1f}",
}
_NUMBERS: Mapping[str, Callable[[Random], str]] = {
    "n": lambda random: random.choice("2345679"),  # no 8, which would want another article: "an 8-year probe"
    "nth": lambda random: f"{random.randint(4, 19)}th",
    "nn": lambda random: f"{random.randint(10, 48)}",
    "year": lambda random: f"{random.randint(2019, 2029)}",
    "pct": lambda random: f"{random.randint(11, 98) / 10}%",
    "indexpct": lambda random: f"{random.randint(3, 29) / 10}%",
    "smallpct": lambda random: f"{random.randint(2, 9) / 10}%",
    "bigpct": lambda random: f"{random.randint(11, 48)}%",
    "rate": lambda random: f"{random.randint(40, 599) / 100:.2f}%",
    "mln": lambda random: f"{random.randint(12, 890)}",
    "mb": lambda random: f"{random.randint(4, 98) / 10}",
    "bp": lambda random: f"{random.randint(2, 24)}",
    "eps": lambda random: f"{random.randint(12, 480) / 100:.2f}",
    "epsdiff": lambda random: f"{random.randint(1, 40) / 100:.2f}",
    "oil": lambda random: f"{random.randint(6200, 9840) / 100:.2f}",
    "oildiff": lambda random: f"{random.randint(30, 480) / 100:.2f}",
    "gold": lambda random: f"{random.randint(1710, 2690):,}",
    "silver": lambda random: f"{random.randint(1780, 3490) / 100:.2f}",
    "btc": lambda random: f"{random.randint(18_400, 98_000):,}",
}


def _endings(template: Phrase, *, book: PhraseBook, random: Random) -> Iterator[str]:
    if random.random() < EMOJI_SHARE:
        yield " " + random.choice(EMOJI[template.sentiment])
    if random.random() < HASHTAG_SHARE and template.label not in _NO_TOPIC_TAGS:
        yield " " + random.choice(book.words["hashtag"])
    if random.random() < LINK_SHARE:
        yield " " + link(random)
