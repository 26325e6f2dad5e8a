"""Open data: the catalogue of what everybody reads, and the monthly issue of the public figures."""
