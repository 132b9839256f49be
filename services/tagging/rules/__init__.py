"""Which tags fit a message, and what agents' changes of tags teach. Pure."""
