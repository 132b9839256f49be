"""Reading mail that anybody may have written: linear, bounded, and without an exception. Pure."""
