"""Tweets and labels on their way to Kafka: out of files, or made up by a seeded generator, published at a rate."""
