"""When a ticket is closed for silence: the whole policy, as pure functions (ACL)."""
