-- append-only: journal
-- What every service has in its schema beside its own tables: the journal of its facts, the list of those still to be
-- published, the inbox of what it heard, and the keys of the commands it has carried out.

CREATE TABLE journal (
    event_id uuid PRIMARY KEY,
    position bigint GENERATED ALWAYS AS IDENTITY,
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

CREATE TABLE pending (
    event_id uuid PRIMARY KEY REFERENCES journal,
    position bigint NOT NULL,
    claimed_until timestamptz NOT NULL
);
CREATE INDEX pending_claimed_until ON pending (claimed_until, position);

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

-- The last version of each aggregate that took effect here.
CREATE TABLE heard (
    consumer text NOT NULL,
    aggregate_id uuid NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (consumer, aggregate_id)
);

-- How far an owner's journal has been read, so that what the broker lost is found again.
CREATE TABLE watermark (
    consumer text NOT NULL,
    owner text NOT NULL,
    after text NOT NULL,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, owner)
);

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
