"""The criteria by which UNODC judges whether a request is eligible, and which priority it has."""
