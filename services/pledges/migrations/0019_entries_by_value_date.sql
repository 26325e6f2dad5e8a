-- What takes effect after a day is found without reading what came before it: a trial balance of a year that has just
-- ended is what there is today less that. Of all funds at once, so that an entry adds no more than its day to it.
CREATE INDEX entry_effective ON entry (effective_on);
