"""The public language of the pipeline: what travels on its topics.

Every model is frozen, ignores fields it does not know, and carries its account. New fields are
optional; a breaking change is a new type name.
"""
