-- append-only: match_move
-- Every move of every match as it stood after it, folded from the facts: what was chosen, at which score and why, and
-- what came of it. A line's ranking at any moment is the last move of each of its matches until then.
CREATE TABLE match_move (
    match_id uuid NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    line_id uuid NOT NULL,
    offering_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('suggested', 'nominated', 'interested', 'shortlisted', 'presented', 'accepted',
        'provider_confirmed', 'confirmed', 'in_delivery', 'completed', 'declined_by_state', 'declined_by_provider',
        'not_pursued', 'expired', 'revoked')),
    at timestamptz NOT NULL,
    reason text,
    score integer NOT NULL CHECK (score BETWEEN 0 AND 1000),
    shares jsonb NOT NULL,
    algorithm text NOT NULL,
    offering_revision integer NOT NULL,
    PRIMARY KEY (match_id, revision)
);
CREATE INDEX match_move_of_line ON match_move (line_id, match_id, revision);

-- What the journal tells of moves made before they were kept. The score is that of where the match last began.
INSERT INTO match_move
SELECT match_id, version, (data ->> 'line_id')::uuid, (data ->> 'offering_id')::uuid,
    CASE name WHEN 'begun' THEN 'in_delivery' ELSE replace(name, '-', '_') END,
    coalesce(data ->> 'suggested_at', data ->> 'nominated_at', data ->> 'interested_at', data ->> 'shortlisted_at',
        data ->> 'presented_at', data ->> 'accepted_at', data ->> 'confirmed_at', data ->> 'begun_at',
        data ->> 'completed_at', data ->> 'declined_at', data ->> 'ended_at', data ->> 'expired_at',
        data ->> 'revoked_at')::timestamptz,
    coalesce(data ->> 'departure', data ->> 'reason'),
    (beginning ->> 'score')::integer, beginning -> 'shares', beginning ->> 'algorithm',
    (beginning ->> 'offering_revision')::integer
FROM (
    SELECT *, first_value(data) OVER (PARTITION BY match_id, beginnings ORDER BY version) AS beginning
    FROM (
        SELECT aggregate_id AS match_id, version, split_part(type, '.', 3) AS name, event::jsonb -> 'data' AS data,
            count(event::jsonb -> 'data' -> 'score') OVER (PARTITION BY aggregate_id ORDER BY version) AS beginnings
        FROM journal WHERE aggregate = 'match'
    ) AS told
) AS begun;

-- A line's matches as a list showed them to somebody in a role, in its order; what was shown before is not written
-- again. Who it was is nowhere here.
CREATE TABLE ranking_shown (
    ranking_id uuid PRIMARY KEY,
    line_id uuid NOT NULL,
    state text NOT NULL,
    role text NOT NULL CHECK (role IN ('coordinator', 'focal_point', 'official')),
    digest bytea NOT NULL,
    shown_at timestamptz NOT NULL,
    matches uuid[] NOT NULL,
    revisions integer[] NOT NULL,
    places integer[] NOT NULL,
    UNIQUE (line_id, role, digest),
    CHECK (cardinality(matches) = cardinality(revisions) AND cardinality(matches) = cardinality(places))
);

CALL wall_in('match_move', 'oversees(caller_role())');
CALL wall_in('ranking_shown', 'oversees(caller_role()) OR (role = caller_role() AND is_own(state))');
