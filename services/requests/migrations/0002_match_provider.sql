-- Who delivers a match: that provider, and no other, learns whom to turn to. Unknown of matches heard before this.
ALTER TABLE line_match ADD COLUMN provider text;
