"""Benchmarks are run by hand, and those of the peers import what only the peers' environment has."""

collect_ignore_glob = ["peers/*", "streaming.py"]
