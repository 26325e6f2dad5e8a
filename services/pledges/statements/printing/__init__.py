"""A donor's statement on paper: its words and figures in six languages, set as PDF in a process of its own."""
