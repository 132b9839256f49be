"""Closes tickets whose customers fell silent.

Consumes tickets (what happened) and signals (who is typing); produces commands (`CloseTicket`).
Owns the Mongo collection `autoclose_timers` and typing marks in Redis. Implements ACL 1 to 5,
ACL 7 and one half of ACL 6: every close names the replies that it rests on, so that ticketing can
refuse it when it is stale.
"""
