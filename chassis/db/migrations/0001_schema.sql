-- append-only: journal, audit, seal
-- The tables that every service has in its schema beside its own: its journal of facts and what is still to be published,
-- what it consumed from others, the commands it has carried out, who may act, and its audit.

-- -- the caller and row-level security --------------------------------------------------------------------------------

-- For whom a transaction acts, as `chassis/db/database.py` sets it at its beginning; null or '' where nothing was set.
CREATE FUNCTION caller_organization() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN current_setting('entraide.organization', true);

CREATE FUNCTION caller_role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN current_setting('entraide.role', true);

CREATE FUNCTION caller_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('entraide.person', true), '')::uuid;

-- Puts a table behind row-level security, for its owner as well. In the role for callers the service sees the rows for
-- which `condition` is true; in its own role it sees all of them. The owner sees none unless it sets its role to 'owner':
-- whoever connects with the migrator's address by mistake sees nothing.
CREATE PROCEDURE wall_in(name text, condition text) LANGUAGE plpgsql AS $$
DECLARE
    service text := current_schema();
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY for_callers ON %I TO %I USING (%s)', name, 'entraide_' || service, condition);
    EXECUTE format('CREATE POLICY as_service ON %I TO %I USING (true)', name, format('entraide_%s_own', service));
    EXECUTE format('CREATE POLICY as_owner ON %I TO CURRENT_USER USING (caller_role() = %L)', name, 'owner');
END
$$;
REVOKE EXECUTE ON PROCEDURE wall_in FROM PUBLIC;

-- -- required rows ----------------------------------------------------------------------------------------------------

-- Fails if `rows` is 0: only an error rolls back a single-statement transaction. `NotWritten` of `chassis/db/writes.py`
-- is this SQLSTATE.
CREATE FUNCTION require_row(rows bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF rows = 0 THEN
        RAISE EXCEPTION 'a required row was not written' USING ERRCODE = 'NOROW';
    END IF;
END
$$;

-- -- facts of this service --------------------------------------------------------------------------------------------

CREATE TABLE journal (
    event_id uuid PRIMARY KEY,
    -- The sequence starts at 1; a position below it was written by hand.
    position bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT journal_position CHECK (position >= 1),
    -- Given before `position` in every writing transaction; (written_by, position) is the order that can be read
    -- safely while others write: no transaction that starts later gets a lower written_by.
    written_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    aggregate text NOT NULL,
    aggregate_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    type text NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- json, not jsonb: the text is kept as it was published, byte for byte.
    event json NOT NULL,
    UNIQUE (aggregate_id, version)
);
CREATE INDEX journal_reading_order ON journal (written_by, position);

-- The facts that are still to be published.
CREATE TABLE pending (
    event_id uuid PRIMARY KEY REFERENCES journal,
    position bigint NOT NULL,
    claimed_until timestamptz NOT NULL
);
CREATE INDEX pending_claimed_until ON pending (claimed_until, position);

-- The key that encrypts positions in the journal before they are given to clients. It is of no use without the database,
-- and for nothing else. A new key makes every bookmark unknown that was given before.
CREATE TABLE bookmark_key (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32)
);
INSERT INTO bookmark_key (key) VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
CALL wall_in('bookmark_key', 'false');

-- -- facts of other services ------------------------------------------------------------------------------------------

CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    owner text NOT NULL,
    aggregate_id uuid,
    version integer,
    status text NOT NULL CHECK (status IN ('applied', 'waiting', 'parked')),
    reason text,
    event text,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, event_id),
    CHECK ((status = 'applied') = (event IS NULL))
);
CREATE INDEX inbox_not_applied ON inbox (aggregate_id, version) WHERE status <> 'applied';
CALL wall_in('inbox', $$caller_role() IN ('coordinator', 'administrator')$$);

-- The last version of each aggregate that was applied here.
CREATE TABLE heard (
    consumer text NOT NULL,
    aggregate_id uuid NOT NULL,
    version integer NOT NULL,
    -- The highest version that came too early: while `version` is below it, events are waiting, and whoever applies the
    -- next version looks for them.
    awaited integer NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, aggregate_id)
);

-- How far another service's journal has been read, so that what the broker lost is found again.
CREATE TABLE watermark (
    consumer text NOT NULL,
    owner text NOT NULL,
    after text NOT NULL,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, owner)
);

-- -- callers and their commands ---------------------------------------------------------------------------------------

-- Who may act, as the directory said last: kept, so that a service that starts while the directory is away knows it.
CREATE TABLE caller (
    appointment_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    role text NOT NULL,
    -- What an API client may do; null for a person's appointment.
    scopes text[],
    -- A coordinator's remit; empty if it is unlimited.
    regions text[] NOT NULL DEFAULT '{}',
    topics text[] NOT NULL DEFAULT '{}',
    -- Whom an overdue clock in this remit is escalated to.
    head boolean NOT NULL DEFAULT false,
    starts date NOT NULL,
    ends date,
    ended boolean NOT NULL,
    version integer NOT NULL
);

-- Whom the directory has erased: nothing that names them is kept here, or accepted again.
CREATE TABLE erased (
    person_id uuid PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT now()
);

-- Records whose personal data are kept beyond their period, as an operator decided.
CREATE TABLE retention_hold (
    record_id uuid PRIMARY KEY,
    reason text NOT NULL CHECK (reason IN ('audit', 'dispute', 'evaluation', 'inquiry', 'protection')),
    held_at timestamptz NOT NULL DEFAULT now()
);

-- The idempotency keys of the commands that were carried out.
CREATE TABLE command (
    caller uuid NOT NULL,
    acting_for text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    outcome uuid NOT NULL,
    carried_out_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, acting_for, route, key)
);
CREATE INDEX command_carried_out_at ON command (carried_out_at);

-- -- audit ------------------------------------------------------------------------------------------------------------

-- Who did what, when and from where; `seal` is the chain of hashes over it. Rows are added and never changed, so that
-- what was sealed can be compared with what is there.
CREATE TABLE audit (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY CONSTRAINT audit_position CHECK (position >= 1),
    -- As in the journal: (written_by, position) is the order that can be read safely while others write.
    written_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    recorded_at timestamptz NOT NULL,
    action text NOT NULL,
    aggregate text NOT NULL,
    aggregate_id uuid NOT NULL,
    version integer CHECK (version > 0),
    -- Null where the system itself acted.
    person_id uuid,
    organization text,
    role text,
    correlation text NOT NULL,
    -- The hash of the address, with a salt that is stored beside the address and deleted with it.
    origin bytea,
    -- A change is described by its fact: `new` is the hash of its event with this salt, `old` the `new` of the version
    -- before.
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
-- Whether somebody has just read a record, and who ever did: without it each read would scan all rows of the record.
CREATE INDEX audit_reads ON audit (aggregate_id, person_id, recorded_at) WHERE new IS NULL;

-- The address somebody acted from: it can be erased without a break in the chain, which covers its hash. No foreign key:
-- to check one PostgreSQL locks the other row as its owner, who may not.
CREATE TABLE audit_origin (
    position bigint PRIMARY KEY CONSTRAINT audit_origin_position CHECK (position >= 1),
    salt bytea NOT NULL,
    address text NOT NULL
);

-- One row for each row of the audit, in the order in which they were chained; `written_by` and `position` are the row's.
CREATE TABLE seal (
    height bigint PRIMARY KEY CHECK (height > 0),
    written_by xid8 NOT NULL,
    position bigint NOT NULL UNIQUE CONSTRAINT seal_position CHECK (position >= 1),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The owner's own right to change them goes as well: it would have to be given back first, which shows.
REVOKE UPDATE, DELETE, TRUNCATE ON audit, seal FROM CURRENT_USER;
