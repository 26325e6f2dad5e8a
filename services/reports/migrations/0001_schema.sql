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
    rebuilding_until timestamptz
);
INSERT INTO folding DEFAULT VALUES;
CALL wall_in('folding', 'true');

-- The time of the newest fact of each owner that was folded.
CREATE TABLE freshness (
    owner text PRIMARY KEY,
    newest timestamptz NOT NULL
);
CALL wall_in('freshness', 'true');

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
    data text
);
CREATE INDEX record_group ON record (group_id);
CREATE INDEX record_state ON record (state, group_id) WHERE state IS NOT NULL;

-- Visibility of rows and figures, as in policy.py; a test compares them.
CREATE FUNCTION may_see(of_state text, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN oversees(role) OR (role IN ('focal_point', 'official') AND of_state = organization);

CALL wall_in('record', 'may_see(state, caller_organization(), caller_role())');

-- -- figures ----------------------------------------------------------------------------------------------------------

-- What was added to a value of a code in a status on a day, or taken from it: a figure as of a day is the sum of the
-- months before it and of the days of its own month. `scope`: all records, or those that their owners have published.
CREATE TABLE figure_day (
    scope text NOT NULL CHECK (scope IN ('all', 'public')),
    figure text NOT NULL,
    dimension text NOT NULL,
    value text NOT NULL,
    status text NOT NULL,
    bucket smallint NOT NULL,
    day date NOT NULL,
    records bigint NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (scope, figure, dimension, day, value, status, bucket)
);
CREATE TABLE figure_month (
    scope text NOT NULL CHECK (scope IN ('all', 'public')),
    figure text NOT NULL,
    dimension text NOT NULL,
    value text NOT NULL,
    status text NOT NULL,
    bucket smallint NOT NULL,
    month date NOT NULL,
    records bigint NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (scope, figure, dimension, month, value, status, bucket)
);
CALL wall_in('figure_day', 'scope = ''public'' OR oversees(caller_role())');
CALL wall_in('figure_month', 'scope = ''public'' OR oversees(caller_role())');
