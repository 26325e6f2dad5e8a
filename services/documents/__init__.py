"""The API and the events as documents: OpenAPI, AsyncAPI, JSON Schema, kept examples, and pages to read them."""

from services.documents.files import write
from services.documents.routes import ROUTES

__all__ = ["ROUTES", "write"]
