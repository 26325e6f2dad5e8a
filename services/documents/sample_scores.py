"""The points of an example score; see `sample_values`."""

SHARES = (
    ("topics", 220, 220),
    ("articles", 110, 110),
    ("kind", 50, 50),
    ("paragraphs", 60, 60),
    ("pillars", 30, 30),
    ("language", 100, 100),
    ("window", 75, 100),
    ("region", 18, 60),
    ("legal_system", 15, 30),
    ("experience", 28, 60),
    ("funding", 25, 50),
    ("load", 20, 30),
    ("meaning", 55, 100),
)
