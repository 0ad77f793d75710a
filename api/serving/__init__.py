"""The server: port, processes, signals, and bounds on connections."""
