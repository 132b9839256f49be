"""Screens every inbound message before it can open a ticket.

Consumes messages and tickets (whom agents answer, what they mark); produces screened messages, in
the order in which they came. Owns the Mongo collection `spam_contacts`. Implements SPM 1, SPM 3 and
SPM 4; engines that learn from marks have their place beside the rules (`rules.engine`), and
optional ones, which may be slow or away, behind `advice`.
"""
