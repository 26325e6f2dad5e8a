"""Charts in SVG, for pages and as files."""
