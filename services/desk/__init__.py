"""Where agents work: lists of tickets, their threads, and what is done about them, in a browser.

Consumes tickets, messages.screened, signals, sends, profiles, presence and snapshots, and keeps a
read model of its own; produces commands, presence and accounts' settings. Owns the collections
`desk_…`. Implements VWS, ROL, MAC and PRF.
"""
