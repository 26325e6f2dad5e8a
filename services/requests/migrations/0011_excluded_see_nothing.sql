-- Whom a State excludes is shown nothing of the request: neither by a consent for every provider nor by one that names it.
-- Else it would read the request, find that its offering does not fit, and know why.

-- Whether a request is there for the caller, asked past the reach of the planner: the wall of `request` asks
-- `excluded_provider`, whose wall may not ask back in the same statement.
CREATE FUNCTION is_there(of_request uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM request AS r WHERE r.request_id = of_request);

-- A caller outside finds its own row, by which it is shown nothing; the others' it does not.
ALTER POLICY for_callers ON excluded_provider USING (CASE
    WHEN is_outside(caller_role()) THEN provider = caller_organization()
    ELSE is_own(state) OR is_there(request_id)
END);

-- As in 0005, without whom the State excludes. Neither says EXISTS, for the reason that is given there.
CREATE OR REPLACE FUNCTION seen(id uuid, r request, organization text, role text)
RETURNS TABLE (words boolean, institution boolean)
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
            AND (SELECT true FROM excluded_provider AS e WHERE e.request_id = id AND e.provider = organization) IS NULL
        WHEN oversees(role) THEN is_submitted(r)
        ELSE role IN ('focal_point', 'official') AND r.state = organization
    END;
END;

ALTER POLICY for_callers ON request USING (CASE
    WHEN is_outside(caller_role()) THEN circulates(request)
        AND (SELECT true FROM consent AS c WHERE c.request_id = request.request_id AND in_force(c) LIMIT 1)
        AND (SELECT true FROM excluded_provider AS e
             WHERE e.request_id = request.request_id AND e.provider = caller_organization()) IS NULL
    WHEN oversees(caller_role()) THEN is_submitted(request)
    ELSE is_own(state)
END);
