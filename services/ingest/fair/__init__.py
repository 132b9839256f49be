"""Keeps what an account brings in beyond its share, and lets it in while the others go first."""
