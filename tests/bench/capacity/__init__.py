"""What the pipeline costs a message, and what that asks of machines: docs/capacity.md."""
