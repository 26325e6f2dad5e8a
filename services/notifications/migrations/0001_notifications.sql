CREATE TABLE subscription (
    subscription_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    role text NOT NULL CHECK (role <> 'service'),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    channels text[] NOT NULL CHECK (channels <@ ARRAY['inbox', 'mail']),
    address_hash text,
    registered_at timestamptz NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    UNIQUE (person_id, organization, role),
    CHECK (address_hash IS NOT NULL OR 'mail' <> ALL (channels))
);
CREATE INDEX subscription_appointment ON subscription (organization, role);

-- A personal value, kept apart so that it can be erased; the journal names it by a salted hash. Deferred, because the
-- table above is rebuilt from the journal beneath it.
CREATE TABLE address (
    subscription_id uuid PRIMARY KEY REFERENCES subscription DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    email text NOT NULL CHECK (email !~ '[[:cntrl:][:space:]]' AND length(email) <= 254)
);

-- What a person is owed, once for each cause.
CREATE TABLE notification (
    notification_id uuid PRIMARY KEY,
    cause_id uuid NOT NULL,
    notice text NOT NULL,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    role text NOT NULL,
    reference text NOT NULL,
    link text NOT NULL,
    request_id uuid,
    match_id uuid,
    owed_at timestamptz NOT NULL,
    read_at timestamptz,
    revision integer NOT NULL CHECK (revision > 0)
);
-- A notice is named by the type of the fact it tells of, and a variant after a colon: of one kind of fact and one cause
-- a person hears once, in whichever variant.
CREATE UNIQUE INDEX notification_once ON notification (cause_id, person_id, (split_part(notice, ':', 1)));
CREATE INDEX notification_of_person ON notification (person_id, notification_id);
CREATE INDEX notification_unread ON notification (person_id, notification_id) WHERE read_at IS NULL;
CREATE INDEX notification_of_match ON notification (match_id, person_id) WHERE match_id IS NOT NULL;

-- The ways in which it has to reach that person.
CREATE TABLE dispatch (
    dispatch_id uuid PRIMARY KEY,
    notification_id uuid NOT NULL REFERENCES notification,
    person_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('inbox', 'mail')),
    status text NOT NULL CHECK (status IN ('owed', 'delivered', 'refused', 'expired')),
    attempts integer NOT NULL CHECK (attempts >= 0),
    next_at timestamptz,
    ended_at timestamptz,
    reason text,
    UNIQUE (notification_id, channel),
    CHECK ((status = 'owed') = (next_at IS NOT NULL)),
    CHECK ((status = 'owed') = (ended_at IS NULL))
);
CREATE INDEX dispatch_due ON dispatch (next_at, dispatch_id) WHERE channel = 'mail' AND status = 'owed';
CREATE INDEX dispatch_delivered ON dispatch (ended_at, person_id) WHERE channel = 'mail' AND status = 'delivered';

-- Who is sending what now: of the moment, so that it is neither a fact nor rebuilt. What is left of a sender that died
-- lapses, and another one sends.
CREATE TABLE lease (
    dispatch_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    until timestamptz NOT NULL
);

-- What the facts of other services have told and later ones of theirs do not repeat.
CREATE TABLE known_reference (
    request_id uuid PRIMARY KEY,
    reference text NOT NULL
);
