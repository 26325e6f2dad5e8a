-- Row-level security finds words for nobody to whom the policy does not show them.

-- What is written beside a move is between the State and UNODC.
ALTER POLICY for_callers ON remark USING (NOT is_outside(caller_role()) AND (is_own(state)
    OR (SELECT true FROM request AS r WHERE r.request_id = remark.request_id)));

-- A caller outside finds words where a consent in force that names it gives them, and those of a line that it serves.
ALTER POLICY for_callers ON request_text USING (CASE
    WHEN is_outside(caller_role()) THEN (SELECT true FROM request AS r WHERE r.request_id = request_text.request_id)
        AND (SELECT true FROM consent AS c WHERE c.request_id = request_text.request_id
             AND in_force(c) AND 'words' = ANY (c.fields) LIMIT 1)
    ELSE is_own(state) OR (SELECT true FROM request AS r WHERE r.request_id = request_text.request_id)
END);
ALTER POLICY for_callers ON line_text USING (CASE
    WHEN is_outside(caller_role()) THEN (SELECT true FROM request AS r WHERE r.request_id = line_text.request_id)
        AND ((SELECT true FROM consent AS c WHERE c.request_id = line_text.request_id
              AND in_force(c) AND c.fields && ARRAY['words', 'institution'] LIMIT 1)
            OR (SELECT true FROM line_match AS m WHERE m.line_id = line_text.line_id
                AND m.provider = caller_organization() AND m.status IN ('confirmed', 'in_delivery', 'completed') LIMIT 1))
    ELSE is_own(state) OR (SELECT true FROM request AS r WHERE r.request_id = line_text.request_id)
END);
