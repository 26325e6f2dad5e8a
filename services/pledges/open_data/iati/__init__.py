"""IATI 2.03 activities, written and read. All modules are pure, except those for routes, actions and rows."""
