-- Before the first release, with the services stopped: tables may be locked, and are short.
-- squawk-ignore-file constraint-missing-not-valid, adding-foreign-key-constraint, require-concurrent-index-creation
SET LOCAL entraide.role = 'owner';

-- A file belongs to what the State asks, or it is the scan of a note verbale that a consent was recorded by.
ALTER TABLE attachment ADD COLUMN purpose text NOT NULL DEFAULT 'request'
    CHECK (purpose IN ('request', 'note_verbale'));
ALTER TABLE consent ADD COLUMN scan_id uuid REFERENCES attachment DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX consent_scan ON consent (scan_id) WHERE scan_id IS NOT NULL;

-- The scan is between the State and UNODC: whom the State shows the request does not see it.
CREATE FUNCTION sees_file(of_request uuid, purpose text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN (purpose = 'request' OR NOT is_outside(caller_role())) AND sees_words(of_request);

ALTER POLICY for_callers ON attachment USING (is_own(state) OR sees_file(request_id, purpose))
    WITH CHECK (CASE WHEN purpose = 'request' THEN is_own(state) ELSE caller_role() = 'coordinator' END);
-- Its name goes with it.
ALTER POLICY for_callers ON attachment_text USING (is_own(state)
    OR (SELECT true FROM attachment AS a WHERE a.attachment_id = attachment_text.attachment_id)) WITH CHECK (may_move(state));
