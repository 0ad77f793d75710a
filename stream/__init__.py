"""The streaming path: Kafka in, Faust, Kafka out."""
