"""What the desk decides, as pure functions."""
