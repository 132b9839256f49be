"""Emit: a finding and its account come in; out goes a message, edit, deletion or signal."""
