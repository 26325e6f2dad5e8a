"""The sample world: fictitious people, requests, offerings and pledges with which the platform shows what it does."""
