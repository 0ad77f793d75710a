"""What transactions cost a worker at full speed, and how late its answers are; prints both.

    TICKERTAPE_DATA_DIR=FOLDER python tests/benchmarks/exactly_once.py

Workers of groups of their own classify the same tweets in turn as fast as they can, see `online_worker.py`: at least once,
and exactly once. Ends of transactions count as records there: less than one in five hundred. Then tweets come one by one at
a steady rate, and a reader of committed records tells how long after its sending each answer was there.
"""

import argparse
import statistics
import threading
import time

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from online_worker import in_turn, opened_bench, ratios

WAYS = ("at_least_once", "exactly_once")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tweets", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rates", default="100,1000", help="tweets a second at which lateness is measured")
    arguments = parser.parse_args()
    with opened_bench() as bench:
        bench.publish(arguments.tweets)
        rates, costs = in_turn(
            WAYS, arguments.rounds, lambda way, number: bench.classify(way, number, arguments.tweets, DELIVERY=way)
        )
        for what, found in (("rate", rates), ("processor time", costs)):
            median, least, largest = ratios(found, "exactly_once", against="at_least_once")
            print(f"exactly once: {median:.3f} of the {what} ({least:.3f} to {largest:.3f})")
        for way in WAYS:
            with bench.worker(f"late-{way}", DELIVERY=way) as topics:
                for rate in map(int, arguments.rates.split(",")):
                    print_lateness(bench.servers, topics, f"{way:<14} {rate:>6,}/s", rate)


def print_lateness(servers: str, topics: tuple[str, str], name: str, rate: int, *, seconds: int = 20) -> None:
    """Send at a rate, and print how long after its sending each answer could be read."""
    raw, classified = topics
    consumer = KafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed", fetch_max_wait_ms=5)
    consumer.assign([TopicPartition(classified, number) for number in consumer.partitions_for_topic(classified)])
    consumer.seek_to_end()
    for partition in consumer.assignment():
        consumer.position(partition)
    producer = KafkaProducer(bootstrap_servers=servers, linger_ms=0)
    count, began = rate * seconds, time.time() + 1

    def send() -> None:
        for number in range(count):
            time.sleep(max(0.0, began + number / rate - time.time()))
            value = msgspec.json.encode({"id": str(number), "text": f"$AAPL beats Q{number} estimates"})
            producer.send(raw, value=value)

    sender = threading.Thread(target=send)
    sender.start()
    late: list[float] = []
    while len(late) < count:
        for records in consumer.poll(timeout_ms=100).values():
            now = time.time()
            late += [now - began - int(msgspec.json.decode(record.value)["id"]) / rate for record in records]
    sender.join()
    producer.close()
    consumer.close()
    cuts = statistics.quantiles(late[count // 10 :], n=100)
    print(f"{name}: p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms", flush=True)


if __name__ == "__main__":
    main()
