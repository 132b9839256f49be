"""Faults one by one: each is injected alone, and the account, the alerts and the times are kept.

`python -m tests.chaos.table` runs two replicas of every service on three nodes of Apache Kafka,
each replica by a line of proxies of its own, beside a Prometheus with the shipped rules. Every
fault of `troubles.ALL` has customers of its own, so that the judge's findings are its own, too.
"""
