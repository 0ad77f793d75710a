"""A learner that is killed again and again has in the end learned what one has that nothing ever happened to."""

import contextlib
import csv
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kafka.admin import KafkaAdminClient, MemberToRemove

from models.feedback import LabelledTweet, ToLabel, Why
from models.taxonomy import LABELS, SENTIMENTS
from stream.codecs import encode

pytestmark = [pytest.mark.integration, pytest.mark.slow]

RECORDS_PER_KILL = 200
RECORDS_PER_SECOND = 200
LONGEST_LIFE_SECONDS = (
    1.2  # after the worker has its partitions; longer where a slow machine had not begun to learn by then
)
FEW = Path(__file__).parents[2] / "data" / "labelled" / "topic_train.csv"
LABELLED_AT = "2026-01-02T03:04:05Z"
MALFORMED = {b"{": "invalid_json", b'{"tweet_id":"1"}': "no_label", b"[]": "not_an_object"}


@dataclass
class Script:
    """Feedback to publish, in order, and what has to become of it."""

    values: list[bytes] = field(default_factory=list)
    sent_out: list[ToLabel] = field(default_factory=list)
    labelled: list[LabelledTweet] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def labelled_rows(count: int) -> list[tuple[str, int]]:
    """Give real tweets where they are, and else the repository's own few with a word that makes each another."""
    real = Path(os.environ.get("TICKERTAPE_DATA_DIR", "data")) / "topic_train.csv"
    with (real if real.exists() else FEW).open(encoding="utf-8", newline="") as stream:
        rows = [(row["text"], int(row["label"])) for row in csv.DictReader(stream)]
    return [
        (f"{text} item{place // len(rows)}", label)
        for place in range(count)
        for text, label in [rows[place % len(rows)]]
    ]


def written(count: int, chance: random.Random) -> Script:
    """Write feedback: mostly of new tweets, with and without text; else malformed, repeated, contradicting, unknown."""
    script = Script()
    for offset, (text, column) in enumerate(labelled_rows(count)):
        fields = {
            "tweet_id": str(10**18 + offset),
            "source": "desk",
            "labelled_at": LABELLED_AT,
            "label": LABELS[column],
        }
        kind = chance.random()
        if kind < 0.05:
            value, reason = chance.choice(list(MALFORMED.items()))
            script.refused[offset] = reason
        elif kind < 0.1:
            value = json.dumps(fields).encode()
            script.refused[offset] = "unknown_tweet"
        elif kind < 0.2 and script.labelled:
            before = chance.choice(script.labelled)
            said = chance.choice(LABELS)
            value = json.dumps(fields | {"tweet_id": before.id, "label": said, "text": before.text}).encode()
            script.refused[offset] = "duplicate" if said == before.label else "contradiction"
        else:
            value = _new(script, offset, fields | {"text": text}, chance)
        script.values.append(value)
    return script


def _new(script: Script, offset: int, fields: dict[str, str], chance: random.Random) -> bytes:
    text, why, probability = fields["text"], None, 1.0
    if chance.random() < 0.3:
        fields["sentiment"] = chance.choice(SENTIMENTS)
    if chance.random() < 0.3:
        why, probability = Why.UNCERTAIN, chance.uniform(0.01, 1)
        script.sent_out.append(ToLabel(fields["tweet_id"], fields.pop("text"), why, probability))
    tweet = {"id": fields["tweet_id"], "text": text, "why": why, "probability": probability, "feedback_offset": offset}
    names = ("label", "sentiment", "source", "labelled_at")
    script.labelled.append(LabelledTweet(**tweet, **{name: fields.get(name) for name in names}))
    return json.dumps(fields).encode()


def remove_dead_members(cluster: Any) -> None:
    """Tell the group at once what it would find out at the end of the killed worker's session."""
    group = f"{cluster.prefix}group"
    with contextlib.closing(KafkaAdminClient(bootstrap_servers=cluster.servers)) as admin:
        members = [member["member_id"] for member in admin.describe_groups([group])[group]["members"]]
        if members:
            admin.remove_group_members(group, [MemberToRemove(member_id=member) for member in members])


def test_learner_killed_again_and_again_loses_no_label_and_learns_none_twice(
    learning: Any, start_worker: Callable[..., Any], kills: int
) -> None:
    records = kills * RECORDS_PER_KILL
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 -- pytest shows it when the test fails
    chance = random.Random(seed)
    script = written(records, chance)
    learning.cluster.publish(
        [(tweet.id.encode(), encode(tweet)) for tweet in script.sent_out], topic=learning.topics.to_label.name
    )
    unfinished, before, longest_life = 0, 0, LONGEST_LIFE_SECONDS

    for begin in range(0, records, RECORDS_PER_KILL):
        worker = start_worker(ONLINE_SNAPSHOT_SECONDS=chance.choice([0.1, 0.3, 1]), STREAM_CHUNK_SIZE_TWEETS=50)
        with learning.saying(script.values[begin : begin + RECORDS_PER_KILL], per_second=RECORDS_PER_SECOND):
            time.sleep(chance.uniform(0, longest_life))
            assert worker.stop(signal.SIGKILL) == -signal.SIGKILL
        remove_dead_members(learning.cluster)
        accounted = learning.accounted()
        unfinished += accounted > learning.committed()
        longest_life *= 1 if accounted > before else 2
        before = accounted
    last = start_worker(ONLINE_SNAPSHOT_SECONDS=0.3)
    learning.wait_until_committed(records)
    assert last.stop() == 0

    labelled, letters = learning.labelled(), learning.letters()
    assert unfinished > kills // 4  # or the kills did not hit the middle
    assert {tweet.feedback_offset: tweet for tweet in labelled} == {one.feedback_offset: one for one in script.labelled}
    assert all(tweet == script_tweet for tweet, script_tweet in _paired(labelled, script))
    assert letters.keys() == set(script.refused.items())
    assert Counter(tweet.feedback_offset for tweet in labelled).keys().isdisjoint(offset for offset, _ in letters)
    learning.assert_learned(script.labelled, offset=records - 1)


def _paired(labelled: list[LabelledTweet], script: Script) -> list[tuple[LabelledTweet, LabelledTweet]]:
    by_offset = {tweet.feedback_offset: tweet for tweet in script.labelled}
    return [(tweet, by_offset[tweet.feedback_offset]) for tweet in labelled]
