"""A donor's statement as PDF, in six languages, made in a child process."""
