"""What is answered without an agent, as pure functions (ARP)."""
