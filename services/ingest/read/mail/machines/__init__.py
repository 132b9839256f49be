"""A mail's header and content come in; out goes whether a person or a program wrote it (ING 4)."""
