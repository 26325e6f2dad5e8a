"""Charts drawn as SVG on the server. Each has a finding as its title, a text alternative, a table and CSV."""
