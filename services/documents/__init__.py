"""The documents of the API and the events: OpenAPI, AsyncAPI, JSON Schema, stored examples, and HTML pages."""
