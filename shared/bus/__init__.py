"""Kafka as services see it: batches of records, what becomes of them, and accounts' settings."""
