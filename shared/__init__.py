"""What the six services share: the public language, the topics, the bus, the promises."""
