"""Facts: outbox, bus, inbox, parked events, retrieval from peers, rebuild of tables."""
