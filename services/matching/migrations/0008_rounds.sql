-- Since when a line has waited, and what triage said of it; unknown of requests that were heard of before this.
ALTER TABLE wanted_request ADD COLUMN waiting_since timestamptz;
ALTER TABLE wanted_request ADD COLUMN priority text;

-- Which period of its offering a round means a match to be in.
ALTER TABLE match ADD COLUMN planned_from date;
ALTER TABLE match ADD COLUMN planned_until date;

-- What a coordinator asked for, and how far it has come.
CREATE TABLE round (
    round_id uuid PRIMARY KEY,
    status text NOT NULL CHECK (status IN ('asked', 'planned', 'failed', 'adopted', 'discarded')),
    revision integer NOT NULL CHECK (revision > 0),
    seed integer NOT NULL CHECK (seed >= 0),
    seconds integer NOT NULL CHECK (seconds > 0),
    based_on uuid,
    settings_hash text NOT NULL,
    asked_at timestamptz NOT NULL,
    answer_hash text,
    outcome text,
    ended text,
    lines integer,
    deliveries integer,
    value bigint,
    bound bigint,
    gap_millionths integer,
    answered_at timestamptz,
    presented integer,
    adopted_at timestamptz,
    discarded_at timestamptz,
    CHECK (value <= bound),
    CHECK ((answered_at IS NULL) = (answer_hash IS NULL)),
    CHECK ((value IS NULL) = (bound IS NULL) AND (value IS NULL) = (ended IS NULL)),
    CHECK (status NOT IN ('planned', 'adopted') OR value IS NOT NULL),
    CHECK ((status = 'failed') <= (outcome IS NOT NULL)),
    CHECK ((status = 'adopted') = (adopted_at IS NOT NULL) AND (status = 'adopted') = (presented IS NOT NULL)),
    CHECK ((status = 'discarded') = (discarded_at IS NOT NULL))
);
CREATE INDEX round_asked ON round (asked_at, round_id) WHERE status = 'asked';

-- What was asked, found and answered in full, as JSON of codes and numbers; the journal names it by hashes. Deferred,
-- because the table above is rebuilt from the journal beneath it.
CREATE TABLE round_papers (
    round_id uuid PRIMARY KEY REFERENCES round DEFERRABLE INITIALLY DEFERRED,
    settings text NOT NULL,
    world text,
    answer text
);

-- Who is planning what now: of the moment, so that it is neither a fact nor rebuilt. What is left of a planner that died
-- lapses, and another one plans; `times` is how often it was begun.
CREATE TABLE round_lease (
    round_id uuid PRIMARY KEY,
    holder uuid NOT NULL,
    until timestamptz NOT NULL,
    times integer NOT NULL
);

-- Who may see a round; policy.py says the same in Python, and a test holds the two together.
CREATE FUNCTION may_see(r round, organization text, role text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN oversees(role);

CALL wall_in('round', 'oversees(caller_role())');
CALL wall_in('round_papers', 'oversees(caller_role())');
CALL wall_in('round_lease', 'false');
