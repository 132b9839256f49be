"""Ingest turns what channel providers deliver into messages, edits, deletions and signals.

Consumes the five inbound topics, profiles and accounts. Produces messages and signals. Owns the
collections `ingest_profiles`, `ingest_aliases`, `ingest_parts`, `ingest_lanes` and `ingest_kept`.
Implements ING 1 to ING 9.

A record passes these folders in their order; `rules.py` holds the way together:

    unwrap/   takes off what the publisher put around the provider's bytes
    read/     finds out what the provider's bytes say: findings
    where_to  finds the account, and which of its addresses was written to
    emit/     turns each finding into a message, an edit, a deletion or a signal
    who/      finds out which contact it is from, and the contact's profile
    join/     keeps the parts of a long SMS until the message is whole
    fair/     keeps what is beyond an account's share, and lets it in by and by
"""
