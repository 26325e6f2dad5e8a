"""Words of a text in the six UN languages and their stems, the same in every service that stores or compares them."""
