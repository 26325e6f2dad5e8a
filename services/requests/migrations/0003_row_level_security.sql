-- Before the first release, with the services stopped: tables may be locked, and are short.
-- squawk-ignore-file constraint-missing-not-valid, disallowed-unique-constraint, adding-not-nullable-field, adding-foreign-key-constraint

-- Every row that belongs to a request says whose it is, and cannot say otherwise than the request.
ALTER TABLE request ADD UNIQUE (request_id, state);

ALTER TABLE request_line ADD COLUMN state text;
ALTER TABLE line_match ADD COLUMN state text;
ALTER TABLE consent ADD COLUMN state text;
ALTER TABLE request_text ADD COLUMN state text;
ALTER TABLE line_text ADD COLUMN state text;
ALTER TABLE remark ADD COLUMN state text;

UPDATE request_line SET state = request.state FROM request WHERE request.request_id = request_line.request_id;
UPDATE line_match SET state = request.state FROM request WHERE request.request_id = line_match.request_id;
UPDATE consent SET state = request.state FROM request WHERE request.request_id = consent.request_id;
UPDATE request_text SET state = request.state FROM request WHERE request.request_id = request_text.request_id;
UPDATE line_text SET state = request.state FROM request WHERE request.request_id = line_text.request_id;
UPDATE remark SET state = request.state FROM request WHERE request.request_id = remark.request_id;

ALTER TABLE request_line ALTER COLUMN state SET NOT NULL,
    ADD FOREIGN KEY (request_id, state) REFERENCES request (request_id, state);
ALTER TABLE line_match ALTER COLUMN state SET NOT NULL,
    ADD FOREIGN KEY (request_id, state) REFERENCES request (request_id, state);
ALTER TABLE consent ALTER COLUMN state SET NOT NULL,
    ADD FOREIGN KEY (request_id, state) REFERENCES request (request_id, state);
ALTER TABLE request_text ALTER COLUMN state SET NOT NULL,
    ADD FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE line_text ALTER COLUMN state SET NOT NULL,
    ADD FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE remark ALTER COLUMN state SET NOT NULL,
    ADD FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED;

-- The own State's, without a look at the request: it may be one that the same statement writes.
CREATE FUNCTION is_own(state text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN caller_role() IN ('focal_point', 'official') AND state = caller_organization();

CALL wall_in('request', 'may_see(request, caller_organization(), caller_role())');
CALL wall_in('request_line', 'is_own(state) OR EXISTS (SELECT FROM request r WHERE r.request_id = request_line.request_id)');
CALL wall_in('line_match', 'is_own(state) OR EXISTS (SELECT FROM request r WHERE r.request_id = line_match.request_id)');
CALL wall_in('consent', 'is_own(state) OR EXISTS (SELECT FROM request r WHERE r.request_id = consent.request_id)');
CALL wall_in('request_text', 'is_own(state) OR EXISTS (SELECT FROM request r WHERE r.request_id = request_text.request_id)');
CALL wall_in('line_text', 'is_own(state) OR EXISTS (SELECT FROM request r WHERE r.request_id = line_text.request_id)');
CALL wall_in('remark', 'is_own(state) OR EXISTS (SELECT FROM request r WHERE r.request_id = remark.request_id)');
