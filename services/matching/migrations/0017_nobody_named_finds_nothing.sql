-- Where a transaction names nobody, no row is found: neither what everybody may see, nor what is beside it.
CREATE FUNCTION is_named() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(caller_role(), '') <> '';

ALTER POLICY for_callers ON offering USING (is_named() AND may_see(offering, caller_organization(), caller_role()));
ALTER POLICY for_callers ON treaty_status USING (is_named());
ALTER POLICY for_callers ON weights USING (is_named());
ALTER POLICY for_callers ON offering_change USING (is_named());

-- What is written beside a move of an offering is between its provider and UNODC; beside one of a match, for whom the
-- match is shown. Whoever moves it writes it in the statement that moves it, in which the match is still as it was.
ALTER POLICY for_callers ON remark USING (
    (EXISTS (SELECT FROM match m WHERE m.match_id = about_id AND may_see(m, caller_organization(), caller_role()))
        OR EXISTS (SELECT FROM offering o WHERE o.offering_id = about_id
                   AND (oversees(caller_role()) OR o.provider = caller_organization())))
    AND (side IS NULL OR oversees(caller_role())
        OR (side = 'state' AND caller_role() IN ('focal_point', 'official'))
        OR (side = 'provider' AND caller_role() = 'provider_officer'))
) WITH CHECK (
    (EXISTS (SELECT FROM match m WHERE m.match_id = about_id)
        OR EXISTS (SELECT FROM offering o WHERE o.offering_id = about_id))
    AND (side IS NULL OR oversees(caller_role())
        OR (side = 'state' AND caller_role() IN ('focal_point', 'official'))
        OR (side = 'provider' AND caller_role() = 'provider_officer')));
