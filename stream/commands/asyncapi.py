"""Write what stands on the topics as an AsyncAPI 3 document, with the names and servers that are set.

Programs read it: to generate code, to check records, to show them in a browser.
"""

import argparse
import json
import sys

from config.settings import KafkaSettings, TopicSettings
from stream.asyncapi.document import asyncapi_document
from stream.topics import declare_topics


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: settings say all."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Write the document to standard output."""
    del arguments
    document = asyncapi_document(declare_topics(TopicSettings()), bootstrap_servers=KafkaSettings().bootstrap_servers)
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
    return 0
