"""The error of embedded servers."""


class EmbeddedError(RuntimeError):
    """A server cannot be started; the message is one line with the reason and a remedy."""
