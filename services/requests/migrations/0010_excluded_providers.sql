-- Whether a line is served only by what is funded already.
ALTER TABLE request_line ADD COLUMN cannot_wait boolean NOT NULL DEFAULT false;

-- By whom a State does not wish to be served. Apart from the request: whom the State shows that finds no row here.
CREATE TABLE excluded_provider (
    request_id uuid NOT NULL,
    state text NOT NULL,
    provider text NOT NULL,
    PRIMARY KEY (request_id, provider),
    FOREIGN KEY (request_id, state) REFERENCES request (request_id, state)
);
CALL wall_in('excluded_provider', 'is_own(state) OR (NOT is_outside(caller_role())
    AND EXISTS (SELECT FROM request r WHERE r.request_id = excluded_provider.request_id))');
