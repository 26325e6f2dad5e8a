"""PDF by typst, in six languages: fonts of pinned packages, and child processes that render."""
