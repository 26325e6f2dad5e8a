"""The criteria by which UNODC decides whether a request is eligible and which priority it has."""
