"""Kafka as services see it: records in batches, their three fates, and the accounts' settings."""
