"""Tickertape's worker side by side with other frameworks, and with the limit: a loop by hand on librdkafka.

All answer the same tweets from the same topic of one embedded Kafka, with the same two outputs and headers, one worker
process each, in alternating order. Each run's time is that between the broker's append times of its first and its last
output record, both topics; afterwards every output is read back, so who lost, repeated or changed one is marked. Then
come our worker's latency, how it scales, its memory and its stages, and the scorer alone. The peers run in an
environment of their own, made from tests/benchmarks/peers/peers.lock. The machine's noise is in every figure: compare those of one run, not of two.
"""

import argparse
import os
import platform
import shutil
import signal
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from peers.environment import continue_in

from config.settings import BrokerSettings, ProjectSettings
from models.errors import TickertapeError
from stream.broker import BrokerOptions, EmbeddedKafka
from stream.broker.probe import free_ports

if TYPE_CHECKING:  # what needs the peers' packages is imported once we run beside them
    from peers.broker import Broker
    from peers.contestants import Contestant
    from peers.feed import Feed
    from peers.match import Outcome

CONTESTANTS = ("tickertape", "faust-sklearn", "faust", "quix", "bytewax", "spark", "loop", "loop-constant")
PARTS = ("scorer", "stages", "latency", "scaling", "memory")
RATES = "100,1000,5000,20000"


def main() -> int:
    arguments = parsed()
    continue_in((ProjectSettings().home / "bench-venv").absolute())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no worker outlives the referee
    try:
        play(arguments)
    except TickertapeError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted before it was done\n")
        return 1
    except BrokenPipeError:  # the reader of our output left
        sys.stdout = None  # Python would fail once more when it flushes at exit
        return 1
    return 0


def play(arguments: argparse.Namespace) -> None:
    from peers.feed import Feed  # noqa: PLC0415  # see above

    feed = Feed(ProjectSettings().data_dir)
    chosen = without_impossible(arguments.only or (*CONTESTANTS, *PARTS))
    say(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; {feed.origin}")
    if "scorer" in chosen:
        say_scorer(feed, arguments.rounds)
    if "stages" in chosen:
        say_stages(feed, arguments.rounds)
    if set(chosen) <= {"scorer", "stages"}:
        return
    with tempfile.TemporaryDirectory(prefix="tickertape-bench-") as folder:
        home = Path(folder)
        with EmbeddedKafka(broker_options(home / "kafka")) as kafka:
            from peers.broker import Broker  # noqa: PLC0415  # see above

            broker = Broker(kafka.bootstrap_servers)
            half = 0
            if set(chosen) & set(CONTESTANTS):
                half = int(say_contest(chosen, feed, broker, home, arguments) / 2)
            if "latency" in chosen:
                say_latency(feed, broker, home, arguments, rates=(*arguments.rates, *([half] if half else [])))
            if "scaling" in chosen:
                say_scaling(feed, broker, home, arguments)
            if "memory" in chosen:
                say_memory(feed, broker, home, arguments.memory_tweets)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tweets", type=positive, default=400_000, help="for each contestant (default: 400000)")
    parser.add_argument("--rounds", type=positive, default=3, help="of which the medians are told (default: 3)")
    parser.add_argument(
        "--only", type=names, help=f"run these alone, separated by commas: {', '.join((*CONTESTANTS, *PARTS))}"
    )
    parser.add_argument("--rates", type=rates, default=rates(RATES), help=f"tweets/s for latency (default: {RATES})")
    parser.add_argument("--seconds", type=positive, default=20, help="for each of the rates (default: 20)")
    parser.add_argument(
        "--linger-ms",
        type=lingers,
        default=(5.0, 0.0),
        help="of the feed's producer for latency, each in turn (default: 5,0; 5 is Kafka's own)",
    )
    parser.add_argument("--memory-tweets", type=positive, default=1_000_000, help="for memory (default: 1000000)")
    return parser.parse_args()


def positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 up")
    return int(text)


def rates(text: str) -> tuple[int, ...]:
    return tuple(positive(part) for part in text.split(","))


def lingers(text: str) -> tuple[float, ...]:
    try:
        found = tuple(map(float, text.split(",")))
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers") from exc
    if not all(0 <= linger_ms <= 1000 for linger_ms in found):
        raise argparse.ArgumentTypeError(f"{text!r} has a number outside 0 to 1,000 ms")
    return found


def names(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    unknown = [name for name in chosen if name not in (*CONTESTANTS, *PARTS)]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no such part: {', '.join(unknown)}; there are {', '.join((*CONTESTANTS, *PARTS))}"
        )
    return chosen


def without_impossible(chosen: tuple[str, ...]) -> tuple[str, ...]:
    if "spark" in chosen and shutil.which("java") is None:
        sys.stderr.write("spark is left out: it needs a java, 17 or later, in the PATH\n")
        return tuple(name for name in chosen if name != "spark")
    return chosen


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def broker_options(data_dir: Path) -> BrokerOptions:
    settings = BrokerSettings()
    return BrokerOptions(
        data_dir=data_dir,
        cache_dir=settings.cache_dir,
        port=free_ports(1)[0],
        heap_mb=settings.heap_mb,
        maven_repository=settings.maven_repository,
        jars_dir=settings.jars_dir,
        fast_start_after_seconds=None,
    )


def say_contest(
    chosen: tuple[str, ...], feed: "Feed", broker: "Broker", home: Path, arguments: argparse.Namespace
) -> float:
    """Let the contestants answer, print the table, and give our worker's median rate, 0 without it."""
    from peers.broker import PARTITIONS  # noqa: PLC0415  # see above
    from peers.contestants import CONTESTANTS as ALL  # noqa: PLC0415
    from peers.contestants import SHORT  # noqa: PLC0415
    from peers.match import Course, run  # noqa: PLC0415

    contestants = [contestant for contestant in ALL if contestant.name in chosen]
    full = Course("tweets.raw", arguments.tweets, feed.tweets)
    short = Course("tweets.raw.short", max(1, arguments.tweets // SHORT), feed.tweets)
    for course in (full, short):
        broker.create(course.topic)
        feed.fill(broker.servers, course.topic, count=course.count, partitions=PARTITIONS)
    outcomes: dict[str, list[Outcome]] = {contestant.name: [] for contestant in contestants}
    for number in range(arguments.rounds):
        for contestant in contestants if number % 2 == 0 else reversed(contestants):
            course = short if contestant.is_short else full
            outcome = run(contestant, course, broker=broker, folder=home, number=number)
            outcomes[contestant.name].append(outcome)
            sys.stderr.write(
                f"round {number + 1}, {contestant.name}: {outcome.tweets_per_second:,.0f}/s, {outcome.verdict}\n"
            )
    broker.delete(full.topic, short.topic)
    return say_table(contestants, outcomes, arguments.rounds)


def say_table(contestants: "list[Contestant]", outcomes: "dict[str, list[Outcome]]", rounds: int) -> float:
    def rate(name: str) -> float:
        return statistics.median(outcome.tweets_per_second for outcome in outcomes[name])

    ours = rate("tickertape") if "tickertape" in outcomes else 0.0
    say(
        f"\n| worker, median of {rounds} | tweets | tweets/s | lowest to highest | ours is | CPU us/tweet | peak MiB | outputs |"
    )
    say("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for contestant in contestants:
        its, median = outcomes[contestant.name], rate(contestant.name)
        every = sorted(outcome.tweets_per_second for outcome in its)
        ratio = f"{ours / median:.2f}x" if median and ours else "-"
        cpu = statistics.median(outcome.cpu_microseconds for outcome in its)
        verdicts = dict.fromkeys(outcome.verdict for outcome in its)
        say(
            f"| {contestant.title} | {its[0].tweets:,} | {median:,.0f} | {every[0]:,.0f} to {every[-1]:,.0f} | {ratio} "
            f"| {cpu:.0f} | {max(outcome.peak_mib for outcome in its):,.0f} | {'; '.join(verdicts)} |"
        )
    return ours


def say_scorer(feed: "Feed", rounds: int) -> None:
    from peers.scorer_alone import CHUNK_TWEETS, measure  # noqa: PLC0415  # see above

    speed = measure(feed, rounds=rounds)
    say(f"\n| scorer alone, one core, chunks of {CHUNK_TWEETS:,} | |")
    say("| --- | ---: |")
    say(f"| texts to probabilities | {speed.scored_per_second:,.0f} tweets/s |")
    say(f"| tweets to predictions | {speed.predicted_per_second:,.0f} tweets/s |")
    say(f"| one text to probabilities | p50 {speed.single_p50_us:.1f} us, p99 {speed.single_p99_us:.1f} us |")


def say_stages(feed: "Feed", rounds: int) -> None:
    from peers.stages import measure  # noqa: PLC0415  # see above

    say("\n| stage of our worker, alone | us/tweet |")
    say("| --- | ---: |")
    for title, microseconds in measure(feed, rounds=rounds):
        say(f"| {title} | {microseconds:.1f} |")


def say_latency(
    feed: "Feed", broker: "Broker", home: Path, arguments: argparse.Namespace, *, rates: tuple[int, ...]
) -> None:
    from peers.contestants import OURS  # noqa: PLC0415  # see above
    from peers.latency import PERCENTS, measure  # noqa: PLC0415

    say(f"\n| latency at tweets/s | linger | sent | {' | '.join(f'p{percent:g}' for percent in PERCENTS)} | worst |")
    say("| ---: " * (len(PERCENTS) + 4) + "|")
    for linger_ms in arguments.linger_ms:
        for rate in rates:
            latency = measure(
                OURS,
                feed,
                broker=broker,
                folder=home,
                rate=rate,
                seconds=arguments.seconds,
                linger_ms=linger_ms,
            )
            waits = " | ".join(f"{wait:.0f} ms" for wait in (*latency.percentiles_ms, latency.worst_ms))
            say(f"| {rate:,} | {linger_ms:g} ms | {latency.sent:,.0f} | {waits} |")


def say_scaling(feed: "Feed", broker: "Broker", home: Path, arguments: argparse.Namespace) -> None:
    from peers.scaling import SETUPS, measure  # noqa: PLC0415  # see above

    say(f"\n| our worker, {arguments.tweets:,} tweets | bytes a record | tweets/s | CPU us/tweet | outputs |")
    say("| --- | ---: | ---: | ---: | --- |")
    for setup in SETUPS:
        found = measure(setup, feed, broker=broker, folder=home, count=arguments.tweets)
        say(
            f"| {setup.title} | {found.record_bytes:,.0f} | {found.tweets_per_second:,.0f} "
            f"| {found.cpu_microseconds:.0f} | {found.verdict} |"
        )


def say_memory(feed: "Feed", broker: "Broker", home: Path, count: int) -> None:
    from peers.contestants import OURS  # noqa: PLC0415  # see above
    from peers.memory import measure  # noqa: PLC0415

    memory = measure(OURS, feed, broker=broker, folder=home, count=count)
    say(f"\n| our worker's memory over {count:,} tweets | |")
    say("| --- | ---: |")
    say(f"| peak | {memory.peak_mib:,.0f} MiB |")
    say(
        f"| second tenth to last tenth | {memory.early_mib:,.0f} to {memory.late_mib:,.0f} MiB, {memory.growth_percent:+.1f} % |"
    )


if __name__ == "__main__":
    sys.exit(main())
