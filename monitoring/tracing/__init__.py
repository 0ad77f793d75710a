"""Traces: what is sampled, and its spans on their way to a receiver; two modules of it import OpenTelemetry."""
