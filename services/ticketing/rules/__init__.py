"""Ticketing's whole policy: values in, values out."""
