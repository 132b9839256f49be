"""Servers as processes of ours: the whole stack on one machine, for trying out and for tests."""
