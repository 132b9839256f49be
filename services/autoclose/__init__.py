"""Closes tickets whose customers fell silent.

Consumes tickets (what happened) and signals (who is typing); produces commands (`CloseTicket`).
Owns the Mongo collection `autoclose_timers` and typing marks in Redis. Implements ACL 1 to 5 and
ACL 7; of ACL 6 its half: every close names what it rests on, so that ticketing can refuse it.
"""
