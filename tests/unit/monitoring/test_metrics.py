import pytest

from models.feedback import Why
from models.records import ModelChange, ModelVersion
from monitoring.drift.recording import count_skipped, observe_drift_report, record_drift_window, show_drift_lag
from monitoring.metrics import exposition
from monitoring.recording import count_to_label, record_change, show_model


def value_of(sample: str) -> float:
    """Read one sample of the exposition."""
    (line,) = [line for line in exposition().decode().splitlines() if line.startswith(sample + " ")]
    return float(line.removeprefix(sample))


def change(outcome: str) -> ModelChange:
    return ModelChange(outcome, "tickertape", "2", "1", (), "2026-01-01T00:00:00.000Z")  # type: ignore[arg-type]


def test_changes_are_counted_by_outcome() -> None:
    names = [f'tickertape_model_changes_total{{outcome="{outcome}"}}' for outcome in ("swapped", "refused")]
    before = [value_of(name) for name in names]

    record_change(change("refused"))

    assert [value_of(name) - then for name, then in zip(names, before, strict=True)] == [0, 1]


def test_tweets_sent_out_for_labelling_are_counted_by_why() -> None:
    names = [f'tickertape_tweets_to_label_total{{why="{why}"}}' for why in ("random", "uncertain", "disputed")]
    before = [value_of(name) for name in names]

    count_to_label({Why.RANDOM: 2, Why.DISPUTED: 1})

    assert [value_of(name) - then for name, then in zip(names, before, strict=True)] == [2, 0, 1]


def test_only_the_version_that_answers_is_shown() -> None:
    show_model(ModelVersion("tickertape", "1"))
    record_change(change("refused"))
    record_change(change("swapped"))

    shown = [line for line in exposition().decode().splitlines() if line.startswith("tickertape_model_info{")]

    assert shown == ['tickertape_model_info{name="tickertape",version="2"} 1.0']


def samples_of(name: str) -> dict[str, float]:
    """Read a metric's samples, by their labels as they are written."""
    rows = [line for line in exposition().decode().splitlines() if line.startswith(name + "{")]
    return {labels: float(value) for labels, _, value in (row.removeprefix(name).rpartition(" ") for row in rows)}


def test_last_window_of_the_drift_process_is_shown() -> None:
    before = value_of('tickertape_drift_windows_total{outcome="drift"}')

    record_drift_window("quiet", [], {"language": 0.5})
    record_drift_window("drift", {"data", "text"}, {"links": 1.5, "emoji": 0.25})

    assert value_of('tickertape_drift_windows_total{outcome="drift"}') - before == 1
    assert samples_of("tickertape_drift_detected") == {
        '{kind="data"}': 1,
        '{kind="prediction"}': 0,
        '{kind="text"}': 1,
        '{kind="concept"}': 0,
        '{kind="quality"}': 0,
    }
    assert samples_of("tickertape_drift_score") == {'{column="links"}': 1.5, '{column="emoji"}': 0.25}


def test_window_with_too_few_tweets_is_counted_and_leaves_what_was_found_before() -> None:
    record_drift_window("drift", ["quality"], {"malformed": 2})
    before = value_of('tickertape_drift_windows_total{outcome="too_few"}')

    record_drift_window("too_few", [], {})

    assert value_of('tickertape_drift_windows_total{outcome="too_few"}') - before == 1
    assert value_of('tickertape_drift_detected{kind="quality"}') == 1
    assert samples_of("tickertape_drift_score") == {'{column="malformed"}': 2}


@pytest.mark.parametrize(("outcome", "kinds"), [("broken", []), ("drift", ["vocabulary"])])
def test_unknown_outcome_or_kind_of_drift_is_refused(outcome: str, kinds: list[str]) -> None:
    counted = samples_of("tickertape_drift_windows_total")

    with pytest.raises(ValueError, match="an outcome is one of"):
        record_drift_window(outcome, kinds, {})
    assert samples_of("tickertape_drift_windows_total") == counted


def test_progress_of_the_drift_process_is_shown() -> None:
    names = ("tickertape_drift_skipped_tweets_total", "tickertape_drift_report_seconds_sum")
    before = [value_of(name) for name in names]

    show_drift_lag(70)
    count_skipped(3)
    observe_drift_report(4.5)

    assert value_of("tickertape_drift_lag_tweets") == 70
    assert [value_of(name) - then for name, then in zip(names, before, strict=True)] == [3, 4.5]
