-- Who is signed in, and who has begun to. What a browser holds is a random value; here is its hash. The tokens are encrypted
-- with a key made of that value and of the operator's: neither this table nor a cookie alone gives a token.

CREATE TABLE session (
    session_hash bytea PRIMARY KEY CHECK (octet_length(session_hash) = 32),
    -- Of issuer and subject: all sessions of a person end together.
    subject_hash bytea NOT NULL CHECK (octet_length(subject_hash) = 32),
    person_id uuid NOT NULL,
    sealed bytea NOT NULL CHECK (octet_length(sealed) <= 32768),
    -- Raised by each change, so that of two concurrent ones the second is refused.
    revision integer NOT NULL DEFAULT 1 CHECK (revision > 0),
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    idle_ends_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT session_ends CHECK (created_at <= seen_at AND idle_ends_at <= ends_at)
);
CREATE INDEX session_subject ON session (subject_hash);
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_idle_ends ON session (idle_ends_at);
CALL wall_in('session', 'false');

-- Sign-ins that were started and not yet answered.
CREATE TABLE started_sign_in (
    cookie_hash bytea PRIMARY KEY CHECK (octet_length(cookie_hash) = 32),
    sealed bytea NOT NULL CHECK (octet_length(sealed) <= 32768),
    ends_at timestamptz NOT NULL
);
CREATE INDEX started_sign_in_ends ON started_sign_in (ends_at);
CALL wall_in('started_sign_in', 'false');

-- Forms that were posted after their session had ended: they come back filled after the sign-in.
CREATE TABLE kept_form (
    cookie_hash bytea PRIMARY KEY CHECK (octet_length(cookie_hash) = 32),
    sealed bytea NOT NULL CHECK (octet_length(sealed) <= 131072),
    ends_at timestamptz NOT NULL
);
CREATE INDEX kept_form_ends ON kept_form (ends_at);
CALL wall_in('kept_form', 'false');
