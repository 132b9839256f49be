"""What the judge looks at: pure functions of a history, each giving what it finds wrong."""
