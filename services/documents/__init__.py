"""The API and the events as documents: OpenAPI, AsyncAPI, JSON Schema, kept examples, and pages to read them."""
