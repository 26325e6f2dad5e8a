"""One package per service, each with the same files; `composition` assembles them."""
