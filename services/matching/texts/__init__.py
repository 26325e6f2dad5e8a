"""Text in the six languages: which it is in, its words, what is like it, and which topics it speaks of.

Nothing here opens anything but a model's own files, and those when first asked for.
"""
