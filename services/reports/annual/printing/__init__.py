"""A yearly report as PDF and as a text document, in six languages, made in a child process."""
