"""The audience of a request: who may see it, and who has read it."""
