"""The commands of `entraide`, one file for each word after it."""
