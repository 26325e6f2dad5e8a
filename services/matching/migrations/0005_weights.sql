-- append-only: weights
-- The weights of the criteria in each version that a coordinator adopted; version 0 comes with the program.
CREATE TABLE weights (
    version integer PRIMARY KEY CHECK (version > 0),
    weights jsonb NOT NULL,
    reason text NOT NULL,
    adopted_at timestamptz NOT NULL
);

-- Everybody's to know, and a coordinator's to adopt.
CALL wall_in('weights', 'true');
ALTER POLICY for_callers ON weights USING (true) WITH CHECK (caller_role() = 'coordinator');

-- What a provider has completed is counted whenever something of it is scored.
CREATE INDEX match_completed ON match (provider) WHERE status = 'completed';
