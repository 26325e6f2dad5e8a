"""The commands of `entraide`, with one file for each first word."""
