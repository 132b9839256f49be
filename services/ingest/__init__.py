"""Ingest turns what channel providers deliver into messages, edits, deletions and signals.

Consumes the five inbound topics, profiles and accounts. Produces messages and signals. Owns the
collections `ingest_profiles`, `ingest_aliases` and `ingest_parts`. Implements ING 1 to ING 8.
"""
