"""The desk's collections in MongoDB."""
