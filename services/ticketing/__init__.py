"""Ticketing owns every ticket: threading, reopening, commands, replies (TKT, SPM 1 and 2, ACL 6).

Consumes screened messages, signals, commands and attributions; produces the ticket stream and the
outbound messages; owns the collections `tickets`, `thread`, `mail_destinations` and
`ticket_numbers`.
"""
