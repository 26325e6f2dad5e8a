"""What the embedded servers say when they cannot start."""


class EmbeddedError(RuntimeError):
    """A server cannot be started here; the message is one line that says why and what would do."""
