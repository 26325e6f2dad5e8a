-- append-only: audit, seal
-- Who did what, when, from where; and the chain of hashes over it. Rows are added and never changed, so that what was
-- once sealed can be compared with what is there.

CREATE TABLE audit (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- As in the journal: (written_by, position) is the order that can be read safely while others write.
    written_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    recorded_at timestamptz NOT NULL,
    action text NOT NULL,
    aggregate text NOT NULL,
    aggregate_id uuid NOT NULL,
    version integer CHECK (version > 0),
    -- Nobody where the system itself acted.
    person_id uuid,
    organization text,
    role text,
    correlation text NOT NULL,
    -- Of the address, with a salt that stands beside the address and goes when it does.
    origin bytea,
    -- A change is told by its fact: `new` is the hash of its event with this salt, `old` is `new` of the version before.
    salt bytea,
    old bytea,
    new bytea,
    CHECK (num_nonnulls(person_id, organization, role) IN (0, 3)),
    CHECK (num_nonnulls(salt, new) IN (0, 2)),
    CHECK (new IS NULL OR version IS NOT NULL),
    CHECK (old IS NULL OR new IS NOT NULL)
);
CREATE INDEX audit_sealing_order ON audit (written_by, position);
CREATE INDEX audit_about ON audit (aggregate_id, version);
CREATE INDEX audit_person ON audit (person_id, position);

-- What names a person's whereabouts: to be erased without a break in the chain, which covers its hash. No foreign key:
-- to check one PostgreSQL locks the other row, as its owner, who may not.
CREATE TABLE audit_origin (
    position bigint PRIMARY KEY,
    salt bytea NOT NULL,
    address text NOT NULL
);

-- One for each row of the audit, in the order in which they were chained. Its place is the row's, kept a second time.
CREATE TABLE seal (
    height bigint PRIMARY KEY CHECK (height > 0),
    written_by xid8 NOT NULL,
    position bigint NOT NULL UNIQUE,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What had happened before there was an audit, as far as the journal tells it.
WITH told AS MATERIALIZED (
    SELECT journal.*, uuid_send(gen_random_uuid()) AS salt FROM journal
), hashed AS (
    SELECT told.*, sha256(salt || convert_to(event::text, 'UTF8')) AS new FROM told
)
INSERT INTO audit (
    recorded_at, action, aggregate, aggregate_id, version, person_id, organization, role, correlation, salt, old, new
)
SELECT recorded_at, type, aggregate, aggregate_id, version, (event ->> 'actorid')::uuid,
    event ->> 'actororganization', event ->> 'actorrole', event ->> 'correlationid', salt,
    lag(new) OVER (PARTITION BY aggregate_id ORDER BY version), new
FROM hashed ORDER BY written_by, position;

-- The owner's own right to change them goes as well: it would have to be given back first, which shows.
REVOKE UPDATE, DELETE, TRUNCATE ON audit, seal FROM CURRENT_USER;
