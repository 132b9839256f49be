"""Stores: MongoDB, Redis, and aggregates whose effects are neither lost nor doubled."""
