-- A machine that acts for an organization, in no role of trust. Days are those of UTC, both included.
CREATE TABLE client (
    client_id uuid PRIMARY KEY,
    organization text NOT NULL REFERENCES organization (code),
    role text NOT NULL CHECK (role IN ('official', 'provider_officer', 'donor_officer')),
    scopes text[] NOT NULL CHECK (scopes <> '{}' AND scopes <@ ARRAY['read', 'write']),
    ends date NOT NULL,
    generation integer NOT NULL CHECK (generation > 0),
    previous_until timestamptz,
    revision integer NOT NULL CHECK (revision > 0),
    texts_hash text NOT NULL,
    registered_by uuid NOT NULL,
    registered_at timestamptz NOT NULL,
    rotated_at timestamptz,
    noticed_at timestamptz,
    ended_at timestamptz,
    reason text,
    CHECK (ends <= (registered_at AT TIME ZONE 'UTC')::date + 365),
    CHECK (num_nonnulls(previous_until, rotated_at) IN (0, 2) AND (generation > 1) = (rotated_at IS NOT NULL)),
    CHECK (num_nonnulls(ended_at, reason) IN (0, 2))
);
CREATE INDEX client_organization ON client (organization, client_id);
CREATE INDEX client_ends ON client (ends) WHERE ended_at IS NULL AND noticed_at IS NULL;

-- Apart from what the journal tells, because it never does; deferred, because the table above is rebuilt beneath them.
CREATE TABLE client_text (
    client_id uuid PRIMARY KEY REFERENCES client DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    name text NOT NULL
);
CREATE TABLE client_secret (
    client_id uuid NOT NULL REFERENCES client DEFERRABLE INITIALLY DEFERRED,
    generation integer NOT NULL,
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    PRIMARY KEY (client_id, generation)
);
-- When a token was last made for it, to the hour.
CREATE TABLE client_use (
    client_id uuid PRIMARY KEY REFERENCES client DEFERRABLE INITIALLY DEFERRED,
    used_at timestamptz NOT NULL
);

CREATE FUNCTION may_see(c client, organization text, role text, caller uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN may_see_of(c.client_id, c.organization, organization, role, caller);

CALL wall_in('client', 'may_see(client, caller_organization(), caller_role(), caller_person())');
CALL wall_in('client_text', 'EXISTS (SELECT FROM client c WHERE c.client_id = client_text.client_id)');
CALL wall_in('client_secret', 'EXISTS (SELECT FROM client c WHERE c.client_id = client_secret.client_id)');
CALL wall_in('client_use', 'EXISTS (SELECT FROM client c WHERE c.client_id = client_use.client_id)');
