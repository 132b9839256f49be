"""Join: the parts of long SMS come in, in any order; out goes each message, whole, once."""
