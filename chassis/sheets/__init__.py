"""Spreadsheets of records: templates to fill in, files read row by row, and the outcome of each row."""
