"""The API and the events as documents: OpenAPI, AsyncAPI, JSON Schema, kept examples, and pages to read them."""

from services.documents.api import routes
from services.documents.files import write

__all__ = ["routes", "write"]
