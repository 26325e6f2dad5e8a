-- With what a place in the journal is sealed before it is given to somebody outside: of no use without the database,
-- and of no use for anything else. A new key makes every bookmark unknown that was given before.
CREATE TABLE bookmark_key (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32)
);
INSERT INTO bookmark_key (key) VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
CALL wall_in('bookmark_key', 'false');
