-- No release has these tables yet, so that none is large: what an index or a check holds up is over at once.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion, constraint-missing-not-valid, ban-drop-constraint

-- Programs that are told of what an appointment is told.
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

-- Where it leads: it may say whose it is, and is erased with the webhook. The journal names it by a salted hash.
CREATE TABLE endpoint (
    webhook_id uuid PRIMARY KEY REFERENCES webhook DEFERRABLE INITIALLY DEFERRED,
    salt bytea NOT NULL,
    url text NOT NULL CHECK (url ~ '^https://[^[:cntrl:][:space:]@\\]+$' AND length(url) <= 500)
);

-- Whose turn it is to send to a webhook, one process at a time; or how long its receiver asked to be left alone.
CREATE TABLE turn (
    webhook_id uuid PRIMARY KEY,
    holder uuid NOT NULL,
    until timestamptz NOT NULL
);

-- A webhook is told as a person is, by a notification of its own.
ALTER TABLE notification
    ADD COLUMN webhook_id uuid,
    ADD COLUMN record_aggregate text,
    ADD COLUMN record_id text,
    ADD COLUMN record_version integer,
    ADD COLUMN happened_at timestamptz,
    ADD CONSTRAINT notification_of_webhook CHECK (
        (webhook_id IS NULL) = (record_id IS NULL) AND (webhook_id IS NULL) = (record_aggregate IS NULL)
        AND (webhook_id IS NULL) = (happened_at IS NULL)) NOT VALID;
ALTER TABLE notification VALIDATE CONSTRAINT notification_of_webhook;
CREATE UNIQUE INDEX notification_told_once
    ON notification (cause_id, person_id, (split_part(notice, ':', 1)), webhook_id) NULLS NOT DISTINCT;
DROP INDEX notification_once;
DROP INDEX notification_unread;
CREATE INDEX notification_unread ON notification (person_id, notification_id)
    WHERE read_at IS NULL AND webhook_id IS NULL;
CREATE INDEX notification_of_webhook ON notification (webhook_id, notification_id) WHERE webhook_id IS NOT NULL;

ALTER TABLE dispatch
    ADD COLUMN webhook_id uuid,
    DROP CONSTRAINT dispatch_channel_check,
    ADD CONSTRAINT dispatch_channel_known CHECK (channel IN ('inbox', 'mail', 'webhook')) NOT VALID,
    ADD CONSTRAINT dispatch_of_webhook CHECK ((channel = 'webhook') = (webhook_id IS NOT NULL)) NOT VALID;
ALTER TABLE dispatch VALIDATE CONSTRAINT dispatch_channel_known;
ALTER TABLE dispatch VALIDATE CONSTRAINT dispatch_of_webhook;
CREATE INDEX dispatch_of_webhook_due ON dispatch (webhook_id, next_at, dispatch_id)
    WHERE channel = 'webhook' AND status = 'owed';
CREATE INDEX dispatch_of_webhook_delivered ON dispatch (webhook_id, ended_at)
    WHERE channel = 'webhook' AND status = 'delivered';

-- Whether a State still lets its request be shown beyond UNODC, for what is on its way to a provider.
CREATE TABLE known_circulation (
    request_id uuid PRIMARY KEY,
    circulation text NOT NULL
);

-- A webhook is its appointment's; who sends, and what others told, is the service's own.
CALL wall_in('webhook', 'person_id = caller_person() AND organization = caller_organization() AND role = caller_role()');
CALL wall_in('endpoint', 'EXISTS (SELECT FROM webhook w WHERE w.webhook_id = endpoint.webhook_id)');
CALL wall_in('turn', 'false');
CALL wall_in('known_circulation', 'false');
