-- How a completed delivery went, as each side said last: codes and ratings, folded from the facts.
ALTER TABLE match ADD COLUMN state_evaluation jsonb;
ALTER TABLE match ADD COLUMN provider_evaluation jsonb;
ALTER TABLE match ADD CONSTRAINT match_evaluated_when_completed CHECK (
    status = 'completed' OR (state_evaluation IS NULL AND provider_evaluation IS NULL)) NOT VALID;

-- What is written beside an evaluation is between the side that wrote it and the office.
ALTER TABLE remark ADD COLUMN side text;
ALTER TABLE remark ADD CONSTRAINT remark_side CHECK (side IN ('state', 'provider')) NOT VALID;
ALTER POLICY for_callers ON remark USING (
    (EXISTS (SELECT FROM match m WHERE m.match_id = about_id)
        OR EXISTS (SELECT FROM offering o WHERE o.offering_id = about_id))
    AND (side IS NULL OR oversees(caller_role())
        OR (side = 'state' AND caller_role() IN ('focal_point', 'official'))
        OR (side = 'provider' AND caller_role() = 'provider_officer')));
