"""Text processing in the six UN languages: language detection, similarity, topics, and stored readings."""
