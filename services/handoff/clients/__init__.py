"""The helpdesks of others, over HTTP."""
