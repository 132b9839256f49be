"""Hands conversations of the AI agent, which is another system's, over to people.

Consumes hand-offs (what the AI agent asks, what visitors answer), tickets (what ticketing made of
it), presence and erasures; produces hand-offs (what visitors are asked and told, what became of
each) and commands. Talks to Zendesk and Gorgias for the accounts that have their people there. Owns
the Mongo collections `handoff_parties`, `handoff_seen` and `handoff_agents`. Implements HND 1 to 6.
"""
