-- Codes, numbers and days only: there is no text to erase, and no person.

-- -- roles ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION oversees(role text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN role IN ('coordinator', 'auditor', 'finance_officer', 'service');

-- -- facts of other services ------------------------------------------------------------------------------------------

-- Facts that have been heard and not folded yet.
CREATE TABLE arrived (
    event_id uuid PRIMARY KEY,
    aggregate_id uuid NOT NULL,
    version integer NOT NULL,
    event text NOT NULL
);
CREATE INDEX arrived_in_order ON arrived (aggregate_id, version);
CALL wall_in('arrived', 'false');

-- One row: whoever folds holds it. While the tables are rebuilt nobody else folds; `incomplete` until that is done.
CREATE TABLE folding (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    incomplete boolean NOT NULL DEFAULT false,
    rebuilding_until timestamptz,
    -- Counts batches: each is committed before the next one begins.
    changed bigint NOT NULL DEFAULT 0
);
INSERT INTO folding DEFAULT VALUES;
CALL wall_in('folding', 'caller_role() <> ''''');

-- The time of the newest fact of each owner that was folded.
CREATE TABLE freshness (
    owner text PRIMARY KEY,
    newest timestamptz NOT NULL
);
CALL wall_in('freshness', 'caller_role() <> ''''');

-- -- rows of aggregates -----------------------------------------------------------------------------------------------

-- What figures need of each aggregate; `data` is null until a fact of it counts. A group is a request with what belongs
-- to it, or a record of its own. `wanted` is the version that a rebuild has to reach.
CREATE TABLE record (
    record_id uuid PRIMARY KEY,
    owner text NOT NULL,
    group_id uuid NOT NULL,
    state text CHECK (state ~ '^[A-Z]{3}$'),
    version integer NOT NULL CHECK (version >= 0),
    wanted integer NOT NULL DEFAULT 0,
    -- The batch that changed it last: figures in memory read on from there.
    changed bigint NOT NULL,
    data text
);
CREATE INDEX record_changed ON record (changed, record_id);
CREATE INDEX record_group ON record (group_id);
CREATE INDEX record_state ON record (state, group_id) WHERE state IS NOT NULL;

-- Visibility of rows, as in policy.py; a test compares them.
CREATE FUNCTION may_see(of_state text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN oversees(role) OR (role IN ('focal_point', 'official') AND of_state = organization);

CALL wall_in('record', 'may_see(state, caller_organization(), caller_role())');
