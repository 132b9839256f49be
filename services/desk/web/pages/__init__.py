"""The page: HTML that is made here, and kept current by its scripts."""
