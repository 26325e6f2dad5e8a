-- What else an offering may ask of a State, and a State of offerings.
ALTER TABLE offering ADD COLUMN treaties text[] NOT NULL DEFAULT '{}';
ALTER TABLE wanted_request ADD COLUMN excluded_providers text[] NOT NULL DEFAULT '{}';
ALTER TABLE wanted_line ADD COLUMN cannot_wait boolean NOT NULL DEFAULT false;

-- Whether a State is party to an instrument, as a coordinator recorded it: later than the list in contracts/reference.
CREATE TABLE treaty_status (
    treaty_status_id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state ~ '^[A-Z]{3}$'),
    instrument text NOT NULL,
    party boolean NOT NULL,
    as_of date NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    recorded_at timestamptz NOT NULL,
    UNIQUE (state, instrument)
);

CREATE FUNCTION recorded_treaties(of_state text) RETURNS json LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT coalesce(json_agg(json_build_object(
        'instrument', instrument, 'party', party, 'as_of', as_of, 'recorded', true)), '[]')
    FROM treaty_status WHERE state = of_state
);

-- Everybody's to know, and a coordinator's to record.
CALL wall_in('treaty_status', 'true');
ALTER POLICY for_callers ON treaty_status USING (true) WITH CHECK (caller_role() = 'coordinator');
