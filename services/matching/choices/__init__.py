"""Choices: the rankings that were shown, and the moves people made on them."""
