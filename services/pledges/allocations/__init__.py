"""Requirements of matches, and the allocations that cover them."""
