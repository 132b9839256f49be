"""Chaos: thousands of messages while everything fails, and an account of every single one.

`python -m tests.chaos` runs two replicas of every service on Apache Kafka, kills, freezes and
moves them, takes their database, cache and broker away, and gives a ledger of all that was sent
to the judge, who reads nothing but that ledger, the topics and the stores.
"""
