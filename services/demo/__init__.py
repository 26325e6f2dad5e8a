"""The sample world: fictitious people, requests, offerings and pledges, and a run through the main process."""
