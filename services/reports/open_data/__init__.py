"""Open data: the catalogue of public datasets, and the monthly issue of the public figures."""
