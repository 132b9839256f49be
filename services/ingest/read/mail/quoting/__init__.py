"""A mail's text and subject come in; out goes what is new in them, and whose mail is passed on."""
