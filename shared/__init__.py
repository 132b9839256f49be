"""What the services share: contracts, topics, the bus, stores, and running as a process."""
