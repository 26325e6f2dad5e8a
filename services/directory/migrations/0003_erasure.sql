-- No release has this table yet: what a check or an index holds up is over at once.
-- squawk-ignore-file require-concurrent-index-creation, constraint-missing-not-valid

-- What names a person goes by the word of two; who they were stays an id.
ALTER TABLE person
    ADD COLUMN erasure_proposed_by uuid,
    ADD COLUMN erasure_proposed_at timestamptz,
    ADD COLUMN erasure_reason text,
    ADD COLUMN erasure_approved_by uuid,
    ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT person_erasure_proposed CHECK ((erasure_proposed_by IS NULL) = (erasure_reason IS NULL)),
    ADD CONSTRAINT person_erased_by_two CHECK (
        num_nonnulls(erasure_approved_by, erased_at) IN (0, 2)
        AND (erased_at IS NULL OR erasure_proposed_by IS NOT NULL)),
    -- Nobody decides on what they proposed, or on themselves.
    ADD CONSTRAINT person_erased_by_others CHECK (
        erasure_approved_by <> erasure_proposed_by AND erasure_approved_by <> person_id
        AND erasure_proposed_by <> person_id);
CREATE INDEX person_erased ON person (erased_at) WHERE erased_at IS NOT NULL;
