-- Personal values (addresses, endpoints) are in tables of their own, so that they can be erased; the journal holds a salted
-- hash of them. Their foreign keys are deferred, because the tables that the journal can make again are rebuilt beneath
-- them.

-- -- subscriptions ----------------------------------------------------------------------------------------------------

CREATE TABLE subscription (
    subscription_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    role text NOT NULL CHECK (role <> 'service'),
    language text NOT NULL CHECK (language IN ('ar', 'en', 'es', 'fr', 'ru', 'zh')),
    channels text[] NOT NULL CHECK (channels <@ ARRAY['inbox', 'mail']),
    address_hash text,
    -- Of mails; the other channels go on.
    paused boolean NOT NULL,
    paused_until timestamptz CHECK (paused OR paused_until IS NULL),
    registered_at timestamptz NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    UNIQUE (person_id, organization, role),
    CHECK (address_hash IS NOT NULL OR 'mail' <> ALL (channels))
);
CREATE INDEX subscription_appointment ON subscription (organization, role);

CREATE TABLE address (
    subscription_id uuid PRIMARY KEY REFERENCES subscription DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    email text NOT NULL CHECK (email !~ '[[:cntrl:][:space:]]' AND length(email) <= 254)
);

-- What reaches a person is that person's.
CALL wall_in('subscription', 'person_id = caller_person()');
CALL wall_in('address', 'EXISTS (SELECT FROM subscription s WHERE s.subscription_id = address.subscription_id)');

-- -- webhooks ---------------------------------------------------------------------------------------------------------

-- Programs that are told what an appointment is told.
CREATE TABLE webhook (
    webhook_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    role text NOT NULL CHECK (role <> 'service'),
    scheme text NOT NULL CHECK (scheme IN ('v1', 'v1a')),
    status text NOT NULL CHECK (status IN ('enabled', 'disabled', 'removed')),
    reason text,
    generation integer NOT NULL CHECK (generation > 0),
    key_id text NOT NULL,
    previous_key_id text,
    previous_until timestamptz,
    url_hash text NOT NULL,
    registered_at timestamptz NOT NULL,
    revision integer NOT NULL CHECK (revision > 0),
    CHECK ((status = 'disabled') = (reason IS NOT NULL)),
    CHECK ((previous_key_id IS NULL) = (previous_until IS NULL)),
    CHECK (previous_until IS NULL OR generation > 1)
);
CREATE INDEX webhook_appointment ON webhook (organization, role) WHERE status = 'enabled';
CREATE INDEX webhook_of_person ON webhook (person_id, webhook_id);

-- The address may say whose it is, and is erased with the webhook.
CREATE TABLE endpoint (
    webhook_id uuid PRIMARY KEY REFERENCES webhook DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    url text NOT NULL CHECK (url ~ '^https://[^[:cntrl:][:space:]@\\]+$' AND length(url) <= 500)
);

-- Which process sends to a webhook now, one at a time; or how long its receiver asked not to be called.
CREATE TABLE turn (
    webhook_id uuid PRIMARY KEY,
    holder uuid NOT NULL,
    until timestamptz NOT NULL
);

CALL wall_in('webhook', 'person_id = caller_person() AND organization = caller_organization() AND role = caller_role()');
CALL wall_in('endpoint', 'EXISTS (SELECT FROM webhook w WHERE w.webhook_id = endpoint.webhook_id)');
CALL wall_in('turn', 'false');

-- -- notifications ----------------------------------------------------------------------------------------------------

-- What a person is to be told, once for each cause. A webhook has notifications of its own, which name the record.
CREATE TABLE notification (
    notification_id uuid PRIMARY KEY,
    cause_id uuid NOT NULL,
    -- The type of the fact it tells of, and a variant after a colon.
    notice text NOT NULL,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    role text NOT NULL,
    reference text NOT NULL,
    link text NOT NULL,
    request_id uuid,
    match_id uuid,
    webhook_id uuid,
    -- Whose matter it is, what it is about, and the last day to act.
    whose text,
    kind text,
    due_on date,
    record_aggregate text,
    record_id text,
    record_version integer,
    happened_at timestamptz,
    owed_at timestamptz NOT NULL,
    read_at timestamptz,
    revision integer NOT NULL CHECK (revision > 0),
    CONSTRAINT notification_of_webhook CHECK (
        (webhook_id IS NULL) = (record_id IS NULL) AND (webhook_id IS NULL) = (record_aggregate IS NULL)
        AND (webhook_id IS NULL) = (happened_at IS NULL))
);
-- Of one type of fact and one cause a person, or a webhook, is told once, in whichever variant.
CREATE UNIQUE INDEX notification_told_once
    ON notification (cause_id, person_id, (split_part(notice, ':', 1)), webhook_id) NULLS NOT DISTINCT;
CREATE INDEX notification_of_person ON notification (person_id, notification_id);
CREATE INDEX notification_unread ON notification (person_id, notification_id)
    WHERE read_at IS NULL AND webhook_id IS NULL;
CREATE INDEX notification_of_match ON notification (match_id, person_id) WHERE match_id IS NOT NULL;
CREATE INDEX notification_of_webhook ON notification (webhook_id, notification_id) WHERE webhook_id IS NOT NULL;

-- The channels by which a notification has to reach its person or webhook.
CREATE TABLE dispatch (
    dispatch_id uuid PRIMARY KEY,
    notification_id uuid NOT NULL REFERENCES notification,
    person_id uuid NOT NULL,
    webhook_id uuid,
    channel text NOT NULL CONSTRAINT dispatch_channel_known CHECK (channel IN ('inbox', 'mail', 'webhook')),
    status text NOT NULL CHECK (status IN ('owed', 'delivered', 'refused', 'expired')),
    attempts integer NOT NULL CHECK (attempts >= 0),
    next_at timestamptz,
    ended_at timestamptz,
    reason text,
    UNIQUE (notification_id, channel),
    CHECK ((status = 'owed') = (next_at IS NOT NULL)),
    CHECK ((status = 'owed') = (ended_at IS NULL)),
    CONSTRAINT dispatch_of_webhook CHECK ((channel = 'webhook') = (webhook_id IS NOT NULL))
);
CREATE INDEX dispatch_due ON dispatch (next_at, dispatch_id) WHERE channel = 'mail' AND status = 'owed';
CREATE INDEX dispatch_delivered ON dispatch (ended_at, person_id) WHERE channel = 'mail' AND status = 'delivered';
CREATE INDEX dispatch_of_webhook_due ON dispatch (webhook_id, next_at, dispatch_id)
    WHERE channel = 'webhook' AND status = 'owed';
CREATE INDEX dispatch_of_webhook_delivered ON dispatch (webhook_id, ended_at)
    WHERE channel = 'webhook' AND status = 'delivered';

-- Which process is sending what now: neither a fact nor rebuilt. The lease of a sender that died expires, and another one
-- sends.
CREATE TABLE lease (
    dispatch_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    until timestamptz NOT NULL
);

CALL wall_in('notification', 'person_id = caller_person()');
CALL wall_in('dispatch', 'person_id = caller_person()');
CALL wall_in('lease', 'false');

-- -- alerts -----------------------------------------------------------------------------------------------------------

-- Saved filters: an empty array restricts nothing.
CREATE TABLE alert (
    alert_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    role text NOT NULL CHECK (role <> 'service'),
    subject text NOT NULL CHECK (subject IN ('requests', 'funding', 'offerings')),
    kinds text[] NOT NULL,
    topics text[] NOT NULL,
    articles text[] NOT NULL,
    paragraphs text[] NOT NULL,
    regions text[] NOT NULL,
    states text[] NOT NULL,
    usd_minor_min bigint,
    usd_minor_max bigint,
    frequency text NOT NULL CHECK (frequency IN ('at_once', 'daily', 'weekly')),
    paused boolean NOT NULL,
    paused_until timestamptz CHECK (paused OR paused_until IS NULL),
    created_at timestamptz NOT NULL,
    revision integer NOT NULL CHECK (revision > 0)
);
CREATE INDEX alert_of_owner ON alert (person_id, organization, role);
CREATE INDEX alert_on ON alert (subject);

-- Whether one of an alert's codes is among those of a record.
CREATE FUNCTION fits(wanted text[], given text[]) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN wanted = '{}' OR wanted && given;

-- What an appointment was notified of because of its alerts or its offerings: of each record once.
CREATE TABLE hit (
    hit_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    role text NOT NULL,
    subject text NOT NULL,
    alert_id uuid,
    request_id uuid,
    requirement_id uuid,
    offering_id uuid,
    digest_id uuid,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX hit_of_owner ON hit (person_id, organization, role);
CREATE INDEX hit_of_digest ON hit (digest_id) WHERE digest_id IS NOT NULL;

-- What was found for an appointment in a day or a week, reported together: claimed by one process when it is due.
CREATE TABLE digest (
    digest_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    role text NOT NULL,
    frequency text NOT NULL CHECK (frequency IN ('daily', 'weekly')),
    due_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('due', 'issued')),
    entries integer,
    issued_at timestamptz,
    CHECK ((status = 'issued') = (issued_at IS NOT NULL)),
    CHECK ((status = 'issued') = (entries IS NOT NULL))
);
CREATE INDEX digest_due ON digest (due_at, digest_id) WHERE status = 'due';

CALL wall_in('alert', 'person_id = caller_person() AND organization = caller_organization() AND role = caller_role()');
CALL wall_in('digest', 'person_id = caller_person() AND organization = caller_organization()
    AND role = caller_role()');
CALL wall_in('hit', 'person_id = caller_person() AND organization = caller_organization() AND role = caller_role()');

-- -- what the facts of other services have told, and later ones do not repeat -----------------------------------------

CREATE TABLE known_reference (
    request_id uuid PRIMARY KEY,
    reference text NOT NULL
);

-- Whether a State still lets its request be shown beyond UNODC: asked before anything is sent to a provider.
CREATE TABLE known_circulation (
    request_id uuid PRIMARY KEY,
    circulation text NOT NULL
);

CALL wall_in('known_reference', 'false');
CALL wall_in('known_circulation', 'false');

-- A request and its lines as last submitted, in codes: what alerts are compared with. `circulates` between triage and the
-- end of delivery; `silent_recipients` are those of a consent by silence.
CREATE TABLE known_request (
    request_id uuid PRIMARY KEY,
    state text NOT NULL,
    region text,
    circulates boolean NOT NULL,
    held boolean NOT NULL,
    excluded_providers text[] NOT NULL,
    silent_recipients text[] NOT NULL
);

-- `topics` with all broader ones: an alert on a topic includes narrower ones.
CREATE TABLE known_line (
    line_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    kind text NOT NULL,
    topics text[] NOT NULL,
    articles text[] NOT NULL,
    paragraphs text[] NOT NULL
);
CREATE INDEX known_line_of_request ON known_line (request_id);

-- The consents that neither ended nor were withdrawn. `begun` is false until the start of its period was taken account of.
CREATE TABLE known_consent (
    consent_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    recipients text[] NOT NULL,
    given_at timestamptz NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    begun boolean NOT NULL
);
CREATE INDEX known_consent_of_request ON known_consent (request_id);
CREATE INDEX known_consent_to_begin ON known_consent (starts_at) WHERE NOT begun;

CALL wall_in('known_request', 'false');
CALL wall_in('known_line', 'false');
CALL wall_in('known_consent', 'false');

-- What confirmed matches lack in money: nothing of a cancelled one.
CREATE TABLE known_requirement (
    requirement_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    line_id uuid NOT NULL,
    lacking_usd_minor bigint NOT NULL,
    cancelled boolean NOT NULL
);
CREATE INDEX known_requirement_of_request ON known_requirement (request_id);

-- An offering without its texts, as last submitted or revised. `topics` with all broader ones.
CREATE TABLE known_offering (
    offering_id uuid PRIMARY KEY,
    provider text NOT NULL,
    available boolean NOT NULL,
    kinds text[] NOT NULL,
    topics text[] NOT NULL,
    articles text[] NOT NULL,
    paragraphs text[] NOT NULL,
    eligible_states text[] NOT NULL,
    eligible_regions text[] NOT NULL,
    excluded_states text[] NOT NULL,
    income_groups text[] NOT NULL,
    special_groups text[] NOT NULL
);

CALL wall_in('known_requirement', 'false');
CALL wall_in('known_offering', 'false');

-- Providers with an offering that fits a line of the request.
CREATE TABLE fitting_provider (
    request_id uuid NOT NULL,
    provider text NOT NULL,
    PRIMARY KEY (request_id, provider)
);
CALL wall_in('fitting_provider', 'false');
