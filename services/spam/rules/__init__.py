"""What is spam: the whole policy, as pure functions (SPM)."""
