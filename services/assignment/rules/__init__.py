"""The policy of assignment, pure: values and `now` in, values out."""
