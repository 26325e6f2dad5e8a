-- A provider with whom the State has agreed sees the request whose lines it serves, whatever the consents say: of it
-- those lines. policy.py says the same in Python.

-- A caller outside finds the matches of its own organization, without a look at the request: the wall of `request`
-- asks for them.
ALTER POLICY for_callers ON line_match USING (CASE
    WHEN is_outside(caller_role()) THEN caller_role() = 'provider_officer' AND provider = caller_organization()
    ELSE is_own(state) OR is_there(request_id)
END);

-- As in 0011. `words` and `institution` are null where no consent shows the request, and only lines of it are served.
CREATE OR REPLACE FUNCTION seen(id uuid, r request, organization text, role text)
RETURNS TABLE (words boolean, institution boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT NOT is_outside(role) OR given.words, NOT is_outside(role) OR given.institution
    FROM (
        SELECT bool_or('words' = ANY (c.fields)) AS words, bool_or('institution' = ANY (c.fields)) AS institution
        FROM consent AS c
        WHERE is_outside(role) AND circulates(r) AND c.request_id = id AND in_force(c)
            AND names(c.recipients, organization)
    ) AS given
    WHERE CASE
        WHEN is_outside(role) THEN (given.words IS NOT NULL
                OR (role = 'provider_officer' AND r.status IN ('open', 'in_delivery', 'delivered', 'on_hold')
                    AND (SELECT true FROM line_match AS m
                         WHERE m.request_id = id AND m.provider = organization
                             AND m.status IN ('confirmed', 'in_delivery', 'completed') LIMIT 1)))
            AND (SELECT true FROM excluded_provider AS e WHERE e.request_id = id AND e.provider = organization) IS NULL
        WHEN oversees(role) THEN is_submitted(r)
        ELSE role IN ('focal_point', 'official') AND r.state = organization
    END;
END;

ALTER POLICY for_callers ON request USING (CASE
    WHEN is_outside(caller_role()) THEN (
            (circulates(request)
                AND (SELECT true FROM consent AS c WHERE c.request_id = request.request_id AND in_force(c) LIMIT 1))
            OR (status IN ('open', 'in_delivery', 'delivered', 'on_hold')
                AND (SELECT true FROM line_match AS m WHERE m.request_id = request.request_id
                     AND m.provider = caller_organization() AND m.status IN ('confirmed', 'in_delivery', 'completed')
                     LIMIT 1)))
        AND (SELECT true FROM excluded_provider AS e
             WHERE e.request_id = request.request_id AND e.provider = caller_organization()) IS NULL
    WHEN oversees(caller_role()) THEN is_submitted(request)
    ELSE is_own(state)
END);
