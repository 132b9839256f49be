"""The demonstration: what real providers send, what agents do, and what must have become of it."""
