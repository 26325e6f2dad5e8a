-- The first suggestions of a line are one fact, the line's. Until a fact of its own tells more, a match that it began is
-- at revision 0.
ALTER TABLE match DROP CONSTRAINT match_revision_check,
    ADD CONSTRAINT match_revision_check CHECK (revision >= 0) NOT VALID;
ALTER TABLE match_move DROP CONSTRAINT match_move_revision_check,
    ADD CONSTRAINT match_move_revision_check CHECK (revision >= 0) NOT VALID;
