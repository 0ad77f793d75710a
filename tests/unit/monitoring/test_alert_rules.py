"""Alert rules and dashboard ask for metrics that are there, with labels that these have; the reference has each rule."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import monitoring.metrics

FOLDER = Path(monitoring.metrics.__file__).parent
REFERENCE = FOLDER.parent / "docs" / "reference" / "metrics.md"
ALERTS, TESTS = FOLDER / "prometheus" / "alerts.yml", FOLDER / "prometheus" / "alerts_test.yml"
DASHBOARD = FOLDER / "grafana" / "dashboards" / "tickertape.json"
# Of Prometheus itself: where a sample comes from, and the bounds of a histogram's buckets.
ADDED_LABELS = {"job", "instance", "le"}
NAME = r"(?<![\w:])(?:tickertape|process)_\w+"


def metric_labels() -> dict[str, set[str]]:
    """The labels of each metric that a process shows, by the names that its samples may have."""
    own = {metric._name: set(metric._labelnames) for metric in vars(monitoring.metrics).values() if is_metric(metric)}
    suffixes = ("", "_total", "_bucket", "_sum", "_count")
    names = {family.name for family in REGISTRY.collect()}
    return {f"{name}{suffix}": own.get(name, set()) for name in names for suffix in suffixes}


def is_metric(part: Any) -> bool:
    return hasattr(part, "_labelnames") and hasattr(part, "_name")


METRIC_LABELS = metric_labels()


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def dashboard_queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def wrong_in(query: str) -> Iterator[str]:
    """Say which metrics of a query are none, and which labels they have not."""
    for name, selector in re.findall(rf"({NAME})(\{{[^}}]*\}})?", query):
        if name not in METRIC_LABELS:
            yield name
            continue
        for label in re.findall(r"(\w+)\s*[=!]~?", selector):
            if label not in METRIC_LABELS[name] | ADDED_LABELS:
                yield f"{name}: {label}"
    grouped = {label for labels in re.findall(r"by \(([^)]*)\)", query) for label in re.findall(r"\w+", labels)}
    known = set[str]().union(*(METRIC_LABELS.get(name, set()) for name in re.findall(NAME, query)))
    yield from sorted(grouped - known - ADDED_LABELS)


QUERIES = [*(rule["expr"] for rule in rules()), *dashboard_queries()]


@pytest.mark.parametrize("query", QUERIES)
def test_every_metric_and_label_of_a_query_is_one(query: str) -> None:
    assert list(wrong_in(query)) == []


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("rate(tickertape_tweet_total[5m])", ["tickertape_tweet_total"]),
        ('tickertape_tweets_total{result="x"}', ["tickertape_tweets_total: result"]),
        ("sum by (ticker) (tickertape_lag_tweets)", ["ticker"]),
        ('sum by (le) (rate(tickertape_chunk_seconds_bucket{job="worker"}[5m]))', []),
    ],
)
def test_mistake_in_a_query_is_noticed(query: str, wrong: list[str]) -> None:
    assert list(wrong_in(query)) == wrong


def test_every_metric_is_on_the_dashboard_or_in_a_rule_or_left_out_on_purpose() -> None:
    left_out = {"tickertape_learning_log_loss", "tickertape_learning_online_answers"}
    asked = " ".join(QUERIES)
    ours = {family.name for family in REGISTRY.collect() if family.name.startswith("tickertape_")}

    assert {name for name in ours if not re.search(rf"\b{name}(_total|_bucket|_sum|_count)?\b", asked)} == left_out


def test_every_recorded_name_that_is_asked_for_is_recorded() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}

    assert set(re.findall(r"tickertape:[\w:]+", " ".join(QUERIES))) == recorded


def test_every_alert_has_a_severity_and_says_what_is_wrong_and_what_to_do() -> None:
    assert len(alerts()) >= 10
    for alert in alerts():
        assert alert["labels"]["severity"] in {"warning", "critical"}, alert["alert"]
        assert alert["annotations"].keys() == {"summary", "description"}, alert["alert"]


def test_reference_has_every_alert_with_its_severity_and_no_other() -> None:
    documented = re.findall(r"^\| `([A-Z]\w+)` \| (\w+) \|", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(documented) == sorted((alert["alert"], alert["labels"]["severity"]) for alert in alerts())


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_must_not() -> None:
    cases = [
        (case["alertname"], bool(case["exp_alerts"]))
        for test in yaml.safe_load(TESTS.read_text(encoding="utf-8"))["tests"]
        for case in test["alert_rule_test"]
    ]

    assert {name for name, _ in cases} == {alert["alert"] for alert in alerts()}
    assert {(alert["alert"], fires) for alert in alerts() for fires in (True, False)} == set(cases)


def test_dashboard_asks_the_provisioned_source_of_data() -> None:
    source = yaml.safe_load((FOLDER / "grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8"))
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))

    asked = {panel["datasource"]["uid"] for panel in dashboard["panels"] if "datasource" in panel}

    assert asked == {source["datasources"][0]["uid"]}


def test_panels_of_the_dashboard_lie_side_by_side() -> None:
    places = [panel["gridPos"] for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]]
    cells = [
        (place["x"] + right, place["y"] + down)
        for place in places
        for right in range(place["w"])
        for down in range(place["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) == 23
