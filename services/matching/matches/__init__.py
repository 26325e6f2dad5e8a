"""Matches of lines with offerings: suggested, presented, confirmed, delivered, explained."""
