-- Files that are attached to a request. Their contents lie outside of the database, under the attachment's id.
CREATE TABLE attachment (
    attachment_id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    state text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'clean', 'unscanned', 'infected', 'removed')),
    revision integer NOT NULL CHECK (revision > 0),
    format text NOT NULL CHECK (format IN ('pdf', 'docx', 'png', 'jpeg')),
    size_bytes integer NOT NULL CHECK (size_bytes BETWEEN 1 AND 10485760),
    content_hash text NOT NULL,
    added_at timestamptz NOT NULL,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state)
);
CREATE INDEX attachment_request ON attachment (request_id, attachment_id);
CREATE INDEX attachment_pending ON attachment (attachment_id) WHERE status = 'pending';

-- What it is called, and the salt of its content's hash: words, which go when the file does.
CREATE TABLE attachment_text (
    attachment_id uuid PRIMARY KEY REFERENCES attachment DEFERRABLE INITIALLY DEFERRED,
    request_id uuid NOT NULL,
    state text NOT NULL,
    salt bytea NOT NULL,
    name text NOT NULL,
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX attachment_text_request ON attachment_text (request_id);

-- An attachment is seen as the words of its request are. The wall of `request` stands in the way as well.
CREATE FUNCTION sees_words(of_request uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM request AS r, seen(r.request_id, r, caller_organization(), caller_role()) AS s
    WHERE r.request_id = of_request AND s.words);

CALL wall_in('attachment', 'is_own(state) OR sees_words(request_id)');
CALL wall_in('attachment_text', 'is_own(state) OR sees_words(request_id)');
