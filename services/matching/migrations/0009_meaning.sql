-- Which model judged the meaning of the two texts, and how; none where codes alone were scored.
ALTER TABLE match ADD COLUMN judged_by text;
ALTER TABLE match ADD COLUMN judged_version text;
ALTER TABLE match ADD COLUMN closeness integer;
ALTER TABLE match ADD CONSTRAINT match_judged_whole CHECK (
    (judged_by IS NULL) = (closeness IS NULL) AND (judged_by IS NULL) = (judged_version IS NULL)
    AND closeness BETWEEN 0 AND 1000) NOT VALID;

-- By which hash the last submission names its words, and when it was.
ALTER TABLE wanted_request ADD COLUMN texts_hash text;
ALTER TABLE wanted_request ADD COLUMN submitted_at timestamptz;
CREATE INDEX wanted_request_state ON wanted_request (state);

-- What was read of the words of a line or an offering: a cache, which goes with them and can be made again. Words and
-- vectors tell what the text told.
CREATE TABLE reading (
    about_id uuid PRIMARY KEY,
    -- Of a line.
    request_id uuid,
    texts_hash text NOT NULL,
    language text,
    tokens text[] NOT NULL,
    model text,
    model_version text,
    vector bytea,
    read_at timestamptz NOT NULL,
    CHECK ((vector IS NULL) = (model IS NULL) AND (vector IS NULL) = (model_version IS NULL))
);
CREATE INDEX reading_request ON reading (request_id) WHERE request_id IS NOT NULL;

-- What is to be read: a request, all lines at once, or an offering.
CREATE TABLE to_read (
    about_id uuid PRIMARY KEY,
    about text NOT NULL CHECK (about IN ('request', 'offering')),
    texts_hash text,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    -- Why it is not tried any more.
    parked text,
    -- An operator asked for all to be read again.
    again boolean NOT NULL DEFAULT false
);
CREATE INDEX to_read_due ON to_read (due_at) WHERE parked IS NULL;

-- Nobody calls for them: the service itself compares.
CALL wall_in('reading', 'false');
CALL wall_in('to_read', 'false');
