-- Before the first release, with the services stopped: tables may be locked, and are short.

-- Whoever sees a row of somebody else's must not therefore be able to write it. Of what a request consists of, words
-- are the State's alone; a coordinator moves it.
CREATE FUNCTION may_move(state text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN caller_role() = 'coordinator' OR is_own(state);

ALTER POLICY for_callers ON request WITH CHECK (may_move(state));
ALTER POLICY for_callers ON request_line WITH CHECK (may_move(state));
ALTER POLICY for_callers ON consent WITH CHECK (may_move(state));
ALTER POLICY for_callers ON consent_text WITH CHECK (may_move(state));
ALTER POLICY for_callers ON remark WITH CHECK (may_move(state));
ALTER POLICY for_callers ON request_text WITH CHECK (is_own(state));
ALTER POLICY for_callers ON line_text WITH CHECK (is_own(state));
ALTER POLICY for_callers ON attachment WITH CHECK (is_own(state));
ALTER POLICY for_callers ON attachment_text WITH CHECK (is_own(state));
ALTER POLICY for_callers ON line_match WITH CHECK (may_move(state));

-- The key with the State holds what the key without it held; each is looked up for every row that is written.
ALTER TABLE request_line DROP CONSTRAINT request_line_request_id_fkey;
ALTER TABLE line_match DROP CONSTRAINT line_match_request_id_fkey;
ALTER TABLE consent DROP CONSTRAINT consent_request_id_fkey;
ALTER TABLE request_text DROP CONSTRAINT request_text_request_id_fkey;
ALTER TABLE line_text DROP CONSTRAINT line_text_request_id_fkey;
ALTER TABLE remark DROP CONSTRAINT remark_request_id_fkey;
