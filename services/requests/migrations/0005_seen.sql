-- Before the first release, with the services stopped: what an older program asks by other names is gone.

-- A function with a query in it is carried out anew for each row, unless it stands in FROM: there the planner takes it
-- apart. The wall says the same for itself, and neither says EXISTS, which the planner would plan twice and, for a list,
-- may answer by reading all there is.
CREATE FUNCTION is_outside(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('provider_officer', 'donor_officer');

CREATE FUNCTION in_force(c consent) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN c.withdrawn_at IS NULL AND c.ended_at IS NULL
    AND (c.starts_at IS NULL OR c.starts_at <= now()) AND (c.ends_at IS NULL OR now() < c.ends_at);

CREATE FUNCTION is_submitted(r request) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN r.status <> 'draft' AND r.submitted_at IS NOT NULL;

CREATE FUNCTION circulates(r request) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN r.circulation = 'granted' AND r.status IN ('open', 'in_delivery', 'delivered');

-- What somebody sees of a request beside its codes; no row where it does not exist for them. Asked in FROM, by every
-- read. policy.py says the same in Python; a test holds the two together, and the wall with them. The id comes by itself:
-- to take it out of the row, a query in here would first have to put the row together.
CREATE FUNCTION seen(id uuid, r request, organization text, role text) RETURNS TABLE (words boolean, institution boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT NOT is_outside(role) OR given.words, NOT is_outside(role) OR given.institution
    FROM (
        SELECT bool_or('words' = ANY (c.fields)) AS words, bool_or('institution' = ANY (c.fields)) AS institution
        FROM consent AS c
        WHERE is_outside(role) AND c.request_id = id AND in_force(c) AND names(c.recipients, organization)
    ) AS given
    WHERE CASE
        WHEN is_outside(role) THEN circulates(r) AND given.words IS NOT NULL
        WHEN oversees(role) THEN is_submitted(r)
        ELSE role IN ('focal_point', 'official') AND r.state = organization
    END;
END;

-- Of consents a caller outside finds those that name it.
ALTER POLICY for_callers ON consent USING (CASE
    WHEN is_outside(caller_role()) THEN names(recipients, caller_organization())
    ELSE oversees(caller_role()) OR is_own(state)
END);
ALTER POLICY for_callers ON request USING (CASE
    WHEN is_outside(caller_role()) THEN circulates(request)
        AND (SELECT true FROM consent AS c WHERE c.request_id = request.request_id AND in_force(c) LIMIT 1)
    WHEN oversees(caller_role()) THEN is_submitted(request)
    ELSE is_own(state)
END);
ALTER POLICY for_callers ON request_line USING (is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = request_line.request_id));
ALTER POLICY for_callers ON line_match USING (is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = line_match.request_id));
ALTER POLICY for_callers ON request_text USING (is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = request_text.request_id));
ALTER POLICY for_callers ON line_text USING (is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = line_text.request_id));
ALTER POLICY for_callers ON remark USING (is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = remark.request_id));

CREATE OR REPLACE FUNCTION may_see(r request, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM seen(r.request_id, r, organization, role));
DROP FUNCTION fields_seen, given_to;
