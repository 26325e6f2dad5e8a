"""Pictures as SVG, made on the server: each with a finding for its title, a text alternative, its table and CSV."""
