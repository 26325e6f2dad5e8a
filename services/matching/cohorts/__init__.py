"""Regional cohorts: lines of several States that one delivery could serve."""
