"""The whole policy of attribution, as pure functions: histories, credits, decisions (ATT)."""
