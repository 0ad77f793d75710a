"""What is posted: by value, and within Slack's limits whatever the names are."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from monitoring.alerting.generic import generic_body
from monitoring.alerting.messages import Message, alarm_of
from monitoring.alerting.slack import escaped, slack_body
from monitoring.drift.records import Cause, DriftEvent, Kind

MakeEvent = Callable[..., DriftEvent]


@pytest.fixture
def make_message(make_drift_event: MakeEvent) -> Callable[..., Message]:
    """Build a message from the names that open in a window, and fields."""

    def make(*names: str, **fields: Any) -> Message:
        event = make_drift_event(7, *names)
        message = Message(
            opened=tuple(alarm_of(name, event) for name in names),
            closed=(),
            passed_count=0,
            open_count=len(names),
            reference=event.reference,
            model=event.model,
            time=event.time,
        )
        return msgspec.structs.replace(message, **fields)

    return make


def texts_of(blocks: list[dict[str, Any]]) -> list[str]:
    return [part["text"] for block in blocks for part in ([block["text"]] if "text" in block else block["elements"])]


def test_slack_message_is_this(make_message: Callable[..., Message], make_drift_event: MakeEvent) -> None:
    number = Cause(Kind.DATA, "text_characters", None, "short", before=180, after=61.5, score=3.0)
    length = alarm_of("text_characters", make_drift_event(7, "text_characters", causes=(number,)))
    (term,) = make_message("term=tariff").opened

    body = json.loads(slack_body(make_message(opened=(length, term), closed=("label=IPO",), open_count=5)))

    assert body == {
        "text": "Drift: 2 alarms opened, 1 alarm closed",
        "blocks": [
            {
                "type": "header",
                "text": {"type": "plain_text", "text": "Drift: 2 alarms opened, 1 alarm closed", "emoji": False},
            },
            section(
                "*Opened*\n"
                "• `text_characters`: 180 → 61.5 (data, window 7)\n"
                "• `term=tariff`: 1.0% → 25.0% (text, window 7)"
            ),
            section("*Closed*\n`label=IPO`"),
            section(
                "*Window 7*: 500 tweets, 2026-01-31T09:30:00.000Z to 2026-01-31T09:40:00.000Z, report "
                "`/drift/0a1b2c3d-00000007/report` of the API\n"
                "```tickertape tail --topic classified --from 0:3000 --to 0:3500 --json```"
            ),
            {
                "type": "context",
                "elements": [
                    {
                        "type": "mrkdwn",
                        "text": "5 open now; model tickertape 7, reference 0a1b2c3d4e5f",
                        "verbatim": True,
                    }
                ],
            },
        ],
    }


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def test_generic_message_is_this(make_message: Callable[..., Message]) -> None:
    body = json.loads(generic_body(make_message("term=tariff", closed=("label=IPO",), passed_count=2, open_count=5)))

    assert len(body.pop("id")) == 32
    assert body == {
        "version": 1,
        "type": "tickertape.drift.alarms",
        "time": "2026-01-31T09:40:01.000Z",
        "reference": "0a1b2c3d4e5f",
        "model": {"name": "tickertape", "version": "7", "online_version": 0},
        "opened_count": 1,
        "closed_count": 1,
        "passed_count": 2,
        "open_count": 5,
        "opened": [
            {
                "name": "term=tariff",
                "kind": "text",
                "column": "term",
                "item": "tariff",
                "before": 0.01,
                "after": 0.25,
                "score": 2.0,
                "window": 7,
                "tweets": 500,
                "first_at": "2026-01-31T09:30:00.000Z",
                "last_at": "2026-01-31T09:40:00.000Z",
                "report": "/drift/0a1b2c3d-00000007/report",
                "replay": "tickertape tail --topic classified --from 0:3000 --to 0:3500 --json",
            }
        ],
        "closed": ["label=IPO"],
    }


def test_same_message_has_the_same_id_and_another_has_another(make_message: Callable[..., Message]) -> None:
    ids = [json.loads(generic_body(make_message(name)))["id"] for name in ("a", "a", "b")]

    assert ids[0] == ids[1] != ids[2]


def test_flood_is_counted_by_kind(make_message: Callable[..., Message]) -> None:
    names = [f"term={number}" for number in range(40)]

    flood = make_message(*names, closed=tuple(names), passed_count=3)

    slack = "\n".join(texts_of(json.loads(slack_body(flood))["blocks"]))
    assert "and 30 more: 30 text" in slack
    assert slack.count("• `term=") == 10
    assert "`term=9` and 30 more" in slack
    assert "40 open now, 3 opened and closed untold" in slack


def test_generic_lists_are_bounded_and_their_counts_are_not(make_message: Callable[..., Message]) -> None:
    names = tuple(f"term={number}" for number in range(250))

    body = json.loads(generic_body(make_message(*names, closed=names)))

    assert (len(body["opened"]), len(body["closed"])) == (100, 100)
    assert (body["opened_count"], body["closed_count"]) == (250, 250)


def test_names_are_escaped_and_never_become_mentions_links_or_code_ends(make_message: Callable[..., Message]) -> None:
    body = slack_body(make_message("term=<!channel>&`x`\n*b*", closed=("term=<https://a.example|b>",)))

    texts = texts_of(json.loads(body)["blocks"])
    assert "• `term=&lt;!channel&gt;&amp;'x' *b*`" in texts[1]
    assert texts[2] == "*Closed*\n`term=&lt;https://a.example|b&gt;`"
    assert b"<" not in body
    assert all(part["verbatim"] for part in mrkdwn_of(json.loads(body)["blocks"]))


def mrkdwn_of(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    parts = [part for block in blocks for part in ([block["text"]] if "text" in block else block["elements"])]
    return [part for part in parts if part["type"] == "mrkdwn"]


@pytest.mark.parametrize("letter", ["a", "&", "<", "\U0001f680", "\n", "`", "\x00"])
def test_message_stays_under_slacks_limits_whatever_it_holds(
    make_message: Callable[..., Message], make_drift_event: MakeEvent, letter: str
) -> None:
    names = [f"term={letter * 3000}{number}" for number in range(60)]
    opened = tuple(
        alarm_of(name, make_drift_event(number, name, replay=letter * 9000)) for number, name in enumerate(names)
    )

    body = json.loads(slack_body(make_message(opened=opened, closed=tuple(names), reference=letter * 9000)))

    texts = texts_of(body["blocks"])
    assert len(body["blocks"]) <= 50
    assert len(texts[0]) <= 150
    assert max(map(len, texts)) <= 3000
    assert len(body["text"]) <= 4000


def test_alarm_whose_figures_are_not_known_is_named(
    make_message: Callable[..., Message], make_drift_event: MakeEvent
) -> None:
    alarm = alarm_of("label=IPO", make_drift_event(7, "label=IPO", causes=(), report=None))

    texts = texts_of(json.loads(slack_body(make_message(opened=(alarm,))))["blocks"])

    assert texts[1] == "*Opened*\n• `label=IPO`"
    assert "report" not in texts[2].partition("\n")[0]


def test_text_is_cut_at_whole_escapes() -> None:
    assert escaped("&&&", most=11) == "&amp;&amp;…"
    assert escaped("&&", most=10) == "&amp;&amp;"
