"""What screening and tagging learn from messages: seeds, marks, and weights that follow from them.

Everything here is pure and deterministic: the same seeds give the same weights, and an account's
weights follow from the set of its lessons alone, in whatever order and however often they came.
"""
