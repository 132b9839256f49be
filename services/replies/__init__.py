"""Answers customers without an agent, where an account has that switched on.

Consumes tickets (what customers wrote and agents answered), signals (who has left a chat, or has
read), hand-offs (where nobody is available), accounts and erasures. Produces commands
(`ReplyToTicket` as an automatic reply, `FollowUpByMail`) and mails to the team on `outbound`. Owns
the collections `replies_contacts` and `replies_seen`. Implements ARP 1 to 5.
"""
