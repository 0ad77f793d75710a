"""How often drift is told where there is none, and how soon it is told where there is, on labelled tweets.

For each seed half of the tweets train a model, a quarter is the reference, and windows are drawn from the last quarter:

    python tests/benchmarks/drift_detection.py DATA_FOLDER

The figures stand in docs/reference/drift.md. Takes some minutes.
"""

import argparse
import gzip
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from models.data.dataset import LabelledTweets, read_split, read_topics
from models.predictor import ScorerPredictor
from models.records import ModelVersion, Tweet, classified_tweet
from models.scorer import Scorer
from models.taxonomy import LABELS, SENTIMENTS, Label
from models.text import tickers, tokens
from models.training.arguments import TrainingArguments
from models.training.fitting import fit
from models.training.scaling import unscaled
from monitoring.drift.describing import Description, describe, is_word
from monitoring.drift.monitor import WINDOW_TWEETS, Monitor, Verdict
from monitoring.drift.references.making import reference_of
from monitoring.drift.references.reference import Reference
from monitoring.drift.vocabulary import Vocabulary
from monitoring.drift.windows import window_of

MODEL = ModelVersion("benchmark", "1")
LEAST_SHARE = 0.05  # of the topics that are doubled or removed: of rarer ones a window has fewer than 25 tweets
SHUFFLES = 10
TRUNCATED_CHARACTERS = 40
FIRST_TERMS = 10


@dataclass(frozen=True)
class Setting:
    """What one seed begins with."""

    labelled: LabelledTweets
    train: np.ndarray
    reference: np.ndarray
    stream: np.ndarray


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with topic_train.csv, sent_train.csv and feed.jsonl.gz")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("fork")) as pool:
        results = list(pool.map(one_seed, [arguments.data] * arguments.seeds, range(arguments.seeds)))
    report(results)


def one_seed(data: Path, seed: int) -> dict[str, list]:
    """Run all cases of one seed; gives by case what was found."""
    labelled = read_topics(data)
    chooser = np.random.default_rng(seed)
    order = chooser.permutation(len(labelled))
    half, quarter = len(order) // 2, len(order) // 4
    rows = Setting(labelled, order[:half], order[half : half + quarter], order[half + quarter :])
    with_sentiment = read_split(data, held_out_share=0.2, seed=7).sentiments.train
    found: dict[str, list] = {"none": [], "doubled": [], "removed": []}

    model = Model.trained(labelled.take(rows.train), with_sentiment)
    stream = model.described(labelled.take(rows.stream).texts)
    both = model.described(labelled.take(rows.reference).texts) + stream
    for _ in range(SHUFFLES):
        shuffled = [both[row] for row in chooser.permutation(len(both))]
        reference = model.reference(shuffled[:quarter])
        found["none"] += [verdict.outcome == "drift" for verdict in judged(reference, shuffled[quarter:])]
    reference = model.reference(both[:quarter])
    classes = labelled.classes[rows.stream]
    for topic in frequent(labelled):
        mixed = doubled(stream, classes == LABELS.index(topic), chooser)
        verdicts = list(judged(reference, mixed[: 2 * WINDOW_TWEETS]))
        found["doubled"].append((topic, first(verdicts), any(f"label={topic}" in names(one) for one in verdicts)))
    for name, texts in broken(data, labelled.take(rows.stream).texts).items():
        verdicts = list(judged(reference, model.described(texts[:WINDOW_TWEETS])))
        found.setdefault(name, []).append(first(verdicts))

    topics = frequent(labelled)
    topic = topics[seed % len(topics)]
    is_topic = labelled.classes == LABELS.index(topic)
    without = Model.trained(labelled.take(rows.train[~is_topic[rows.train]]), with_sentiment)
    reference = without.reference(without.described(labelled.take(rows.reference[~is_topic[rows.reference]]).texts))
    verdicts = list(judged(reference, without.described(labelled.take(rows.stream).texts)[: 2 * WINDOW_TWEETS]))
    right = terms_of(labelled, is_topic)
    told = told_terms(verdicts)
    found["removed"].append((topic, first(verdicts), sum(term in right for term in told), len(told), told))
    return found


@dataclass(frozen=True)
class Model:
    """A batch model, and the words that it was trained on."""

    predictor: ScorerPredictor
    vocabulary: Vocabulary

    @classmethod
    def trained(cls, labelled: LabelledTweets, with_sentiment: LabelledTweets) -> "Model":
        scalings = (unscaled(len(LABELS)), unscaled(len(SENTIMENTS)))
        weights = fit(labelled, with_sentiment, None, TrainingArguments(), begin=lambda _: None, scalings=scalings)
        vocabulary = Vocabulary.of({token for token in tokens(text) if is_word(token)} for text in labelled.texts)
        return cls(ScorerPredictor(Scorer(weights), MODEL, 3), vocabulary)

    def described(self, texts: Sequence[str]) -> list[Description]:
        tweets = [Tweet(text, tickers=tickers(text)) for text in texts]
        predictions = self.predictor.predict(tweets)
        return [
            describe(classified_tweet(tweet, prediction, classified_at=""), self.vocabulary)
            for tweet, prediction in zip(tweets, predictions, strict=True)
        ]

    def reference(self, rows: Sequence[Description]) -> Reference:
        return reference_of(
            [window_of(rows)],
            trained=self.vocabulary,
            terms=self.vocabulary,
            model_name="benchmark",
            model_version="1",
            source="benchmark",
        )


def judged(reference: Reference, rows: Sequence[Description]) -> Iterator[Verdict]:
    monitor = Monitor(reference)
    for start in range(0, len(rows) - WINDOW_TWEETS + 1, WINDOW_TWEETS):
        yield monitor.judge(window_of(rows[start : start + WINDOW_TWEETS]))


def first(verdicts: Sequence[Verdict]) -> int:
    """Give the number of the first window with drift; 0 for none."""
    return next((verdict.number for verdict in verdicts if verdict.outcome == "drift"), 0)


def names(verdict: Verdict) -> set[str]:
    return {cause.name for cause in verdict.causes}


def frequent(labelled: LabelledTweets) -> list[Label]:
    shares = np.bincount(labelled.classes, minlength=len(LABELS)) / len(labelled)
    return [label for label, share in zip(LABELS, shares, strict=True) if share >= LEAST_SHARE]


def doubled(rows: Sequence[Description], is_topic: np.ndarray, chooser: np.random.Generator) -> list[Description]:
    """Give tweets of which twice the share has a topic."""
    share = 2 * is_topic.mean()
    inside, outside = (chooser.permutation(np.flatnonzero(mask)).tolist() for mask in (is_topic, ~is_topic))
    count = min(int(len(inside) / share), int(len(outside) / (1 - share)))
    return [
        rows[(inside if chance < share else outside).pop()]
        for chance in chooser.random(count)
        if (inside if chance < share else outside)
    ]


def broken(data: Path, texts: Sequence[str]) -> dict[str, list[str]]:
    return {
        "truncated": [text[:TRUNCATED_CHARACTERS] for text in texts],
        "a third truncated": [
            text[: TRUNCATED_CHARACTERS if place % 3 == 0 else None] for place, text in enumerate(texts)
        ],
        "links only": [f"https://t.co/{place}" for place in range(len(texts))],
        "another language": other_languages(data),
    }


def other_languages(data: Path) -> list[str]:
    with gzip.open(data / "feed.jsonl.gz") as lines:
        tweets = [json.loads(line) for line in lines]
    return [tweet["text"] for tweet in tweets if tweet["lang"] not in ("en", "und")]


def terms_of(labelled: LabelledTweets, is_topic: np.ndarray) -> set[str]:
    """Give the words that are at least three times as frequent in a topic as in the rest."""
    inside, outside = Counter[bytes](), Counter[bytes]()
    for text, told in zip(labelled.texts, is_topic, strict=True):
        (inside if told else outside).update({token for token in tokens(text) if is_word(token)})
    of_inside, of_outside = int(is_topic.sum()), int((~is_topic).sum())
    return {
        word.decode("utf-8", "replace")
        for word, count in inside.items()
        if count / of_inside > 3 * outside[word] / of_outside
    }


def told_terms(verdicts: Sequence[Verdict]) -> list[str]:
    """Give the first terms that were told, of the first window that told any."""
    for verdict in verdicts:
        terms = [cause.item for cause in verdict.causes if cause.column == "term" and cause.item]
        if terms:
            return terms[:FIRST_TERMS]
    return []


def report(results: Sequence[dict[str, list]]) -> None:
    told = [one for result in results for one in result["none"]]
    print(f"no drift: told in {sum(told)} of {len(told):,} windows = {sum(told) / len(told):.2%}")
    doubled_topics = [one for result in results for one in result["doubled"]]
    _table("one topic doubled", doubled_topics)
    for name in ("truncated", "a third truncated", "links only", "another language"):
        windows = [one for result in results for one in result[name]]
        print(f"{name}: in the first window in {windows.count(1)} of {len(windows)}")
    removed = [one for result in results for one in result["removed"]]
    within = sum(0 < window <= 2 for _, window, *_ in removed)
    print(f"a topic that reference and model never saw: within two windows in {within} of {len(removed)}")
    for topic, window, right, count, terms in removed:
        print(f"  {topic:<30} window {window or 'none'}; {right} of {count} terms right: {', '.join(terms)}")


def _table(title: str, outcomes: Sequence[tuple[Label, int, bool]]) -> None:
    print(f"{title}: first window, within two windows, within two by its name; of {len(outcomes)}")
    for topic in [*dict.fromkeys(topic for topic, *_ in outcomes), None]:
        of = [(window, named) for one, window, named in outcomes if topic in (one, None)]
        at_once, within, by_name = (
            sum(window == 1 for window, _ in of),
            sum(0 < window <= 2 for window, _ in of),
            sum(named for _, named in of),
        )
        print(f"  {topic or 'all':<30} {at_once}, {within}, {by_name} of {len(of)}")


if __name__ == "__main__":
    main()
