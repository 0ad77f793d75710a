"""What a learner refuses at the start."""

from dataclasses import replace
from typing import Any, cast

import pytest

from config.settings import TopicSettings
from models.errors import BrokerError
from stream.learning.wiring import Limits, learn_online
from stream.topics import TopicState, declare_topics

TOPICS = declare_topics(TopicSettings())
STATES = {topic.name: TopicState(topic.partitions, topic.max_message_bytes or 1_048_588) for topic in TOPICS.all}
LIMITS = Limits(snapshot_seconds=1, remembered_labels=10, kept_tweets=10)
NOTHING = cast("Any", None)  # it is refused before anything is touched


@pytest.mark.parametrize("topic", [TOPICS.feedback, TOPICS.labelled, TOPICS.online], ids=lambda topic: topic.name)
def test_topic_of_several_partitions_is_refused(topic: Any) -> None:
    states = STATES | {topic.name: replace(STATES[topic.name], partitions=3)}

    with pytest.raises(
        BrokerError, match=f"{topic.name} has 3 partitions, and one learner needs one: .*ONLINE_ENABLED"
    ):
        learn_online(NOTHING, NOTHING, kafka=NOTHING, topics=TOPICS, states=states, limits=LIMITS)


def test_topic_that_would_not_take_a_snapshot_is_refused() -> None:
    states = STATES | {TOPICS.online.name: TopicState(1, 1_048_588)}

    with pytest.raises(BrokerError, match="takes messages of 1048588 bytes, and a snapshot may have 8388608: raise"):
        learn_online(NOTHING, NOTHING, kafka=NOTHING, topics=TOPICS, states=states, limits=LIMITS)
