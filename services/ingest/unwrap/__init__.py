"""Unwrap: a raw record comes in; out go the records inside it, each with a provider's own bytes."""
