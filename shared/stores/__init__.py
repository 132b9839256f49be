"""Databases: documents that lose and double nothing, MongoDB and Redis."""
