"""A service as a process: its settings, start and stop, probes, metrics and log lines."""
