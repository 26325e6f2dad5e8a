-- A place is given by the sequence, from 1 on. Not validated: a row that stands elsewhere already is for `entraide audit
-- verify` to name, and does not keep an upgrade from being made.
ALTER TABLE journal ADD CONSTRAINT journal_position CHECK (position >= 1) NOT VALID;
ALTER TABLE audit ADD CONSTRAINT audit_position CHECK (position >= 1) NOT VALID;
ALTER TABLE audit_origin ADD CONSTRAINT audit_origin_position CHECK (position >= 1) NOT VALID;
ALTER TABLE seal ADD CONSTRAINT seal_position CHECK (position >= 1) NOT VALID;
