"""The services. None of them knows another; they meet on topics only."""
