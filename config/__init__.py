"""Settings, logging configuration and the command-line frame. Read by the doors only."""
