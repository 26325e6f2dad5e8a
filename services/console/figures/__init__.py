"""Figures of the requests and offerings that the reader may see."""
