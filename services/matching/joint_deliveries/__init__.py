"""Joint deliveries: one delivery of an offering, proposed to several States whose lines it can serve together."""
