CREATE FUNCTION oversees(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'service');

CREATE FUNCTION is_own(state text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN caller_role() IN ('focal_point', 'official') AND state = caller_organization();

CREATE FUNCTION is_offered(provider text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN caller_role() = 'provider_officer' AND provider = caller_organization();

CALL wall_in('offering', 'may_see(offering, caller_organization(), caller_role())');
CALL wall_in('capacity', 'EXISTS (SELECT FROM offering o WHERE o.offering_id = capacity.offering_id)');
CALL wall_in('offering_text', 'EXISTS (SELECT FROM offering o WHERE o.offering_id = offering_text.offering_id)');
-- Of a line's matches the two sides may know how many rank before theirs, so that the wall is as wide as that; what of
-- a match is shown, and from when on, `may_see` says.
CALL wall_in('match', 'oversees(caller_role()) OR is_own(state) OR is_offered(provider)');
CALL wall_in('wanted_request', 'oversees(caller_role()) OR is_own(state)');
CALL wall_in('wanted_line', 'EXISTS (SELECT FROM wanted_request r WHERE r.request_id = wanted_line.request_id)');
CALL wall_in('remark', 'EXISTS (SELECT FROM match m WHERE m.match_id = about_id)
    OR EXISTS (SELECT FROM offering o WHERE o.offering_id = about_id)');
