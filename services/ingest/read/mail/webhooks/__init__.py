"""A provider's webhook comes in; out go the mails in it, or what became of mails that went out."""
