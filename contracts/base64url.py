"""Base64 with the URL-safe alphabet and without padding (RFC 4648, 5), decoded strictly.

Each sequence of bytes has one text: a token with a character added, or with other unused bits, is not a second name of
the same link.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(content: bytes) -> str:
    """Return the text of these bytes."""
    return urlsafe_b64encode(content).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Return the bytes of a text. Raises ValueError for any text that `encode` does not return."""
    content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(content) != text:
        raise ValueError("not canonical base64url")
    return content
