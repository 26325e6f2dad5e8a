"""Lines of requests as matching knows them from their owner's facts."""
