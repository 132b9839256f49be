"""The hand-off: rules, wired handlers, the helpdesks of others as stand-ins."""
