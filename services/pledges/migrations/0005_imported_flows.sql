-- Flows as somebody else reported them: beside the ledger, in no total of it.
CREATE TABLE flow_import (
    import_id uuid PRIMARY KEY,
    file_hash text NOT NULL CHECK (file_hash ~ '^[0-9a-f]{64}$'),
    rows integer NOT NULL CHECK (rows BETWEEN 1 AND 5000),
    accepted integer NOT NULL CHECK (accepted >= 0),
    rejected integer NOT NULL CHECK (rejected >= 0),
    recorded_at timestamptz NOT NULL,
    CHECK (accepted + rejected = rows)
);

CREATE TABLE imported_flow (
    import_id uuid NOT NULL REFERENCES flow_import DEFERRABLE INITIALLY DEFERRED,
    line integer NOT NULL CHECK (line > 1),
    -- Whoever reported it gave it this id: the same flow is kept once, however often its table is sent.
    source_id text NOT NULL UNIQUE CHECK (source_id ~ '^[A-Za-z0-9._-]{1,60}$'),
    reference text NOT NULL CHECK (length(reference) <= 200),
    date date NOT NULL,
    status text NOT NULL CHECK (status IN ('pledge', 'commitment', 'paid')),
    flow_type text NOT NULL CHECK (length(flow_type) <= 60),
    method text NOT NULL CHECK (length(method) <= 60),
    donor text NOT NULL CHECK (length(donor) BETWEEN 1 AND 200),
    destination text NOT NULL CHECK (length(destination) <= 200),
    usd_minor bigint NOT NULL CHECK (usd_minor BETWEEN 1 AND 1000000000000000),
    minor bigint NOT NULL CHECK (minor BETWEEN 1 AND 1000000000000000),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- As it was reported: in units for a US dollar, or the other way round.
    rate text NOT NULL CHECK (rate ~ '^[0-9]{1,9}([.][0-9]{1,10})?$'),
    usage_from smallint CHECK (usage_from BETWEEN 1900 AND 2199),
    usage_until smallint CHECK (usage_until BETWEEN 1900 AND 2199),
    description text NOT NULL CHECK (length(description) <= 2000),
    PRIMARY KEY (import_id, line),
    CHECK (usage_from <= usage_until)
);

CREATE TABLE rejected_row (
    import_id uuid NOT NULL REFERENCES flow_import DEFERRABLE INITIALLY DEFERRED,
    line integer NOT NULL CHECK (line > 1),
    source_id text NOT NULL CHECK (source_id ~ '^[A-Za-z0-9._-]{0,60}$'),
    slug text NOT NULL CHECK (slug ~ '^[a-z]+(-[a-z]+)*$'),
    "column" text,
    PRIMARY KEY (import_id, line)
);

CREATE FUNCTION may_see(r flow_import, organization text, role text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN reads_all(organization, role);

CALL wall_in('flow_import', 'may_see(flow_import, caller_organization(), caller_role())');
CALL wall_in('imported_flow', 'reads_all(caller_organization(), caller_role())');
CALL wall_in('rejected_row', 'reads_all(caller_organization(), caller_role())');
