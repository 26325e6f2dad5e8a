"""Text processing in the six UN languages: language detection, words, similarity, topics, and stored readings."""
