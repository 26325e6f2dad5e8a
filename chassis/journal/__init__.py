"""Facts: out (outbox), across (bus), in (inbox), parked, fetched from peers, folded again."""
