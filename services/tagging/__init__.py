"""Puts tags on new tickets by what their customers wrote, and learns from what agents change.

Consumes tickets, lessons and weights; produces commands, lessons and weights. Owns the Mongo
collections `tagging_memories` and `tagging_lessons`. Implements TAG 1 and TAG 2.
"""
