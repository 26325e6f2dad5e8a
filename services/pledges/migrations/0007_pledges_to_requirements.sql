-- What a donor pledged for what one match lacks, where it said so.
ALTER TABLE pledge ADD COLUMN requirement_id uuid REFERENCES requirement,
    ADD CONSTRAINT pledge_to_requirement CHECK (requirement_id IS NULL OR earmarking = 'tightly_earmarked');
CREATE INDEX pledge_requirement ON pledge (requirement_id) WHERE requirement_id IS NOT NULL;
CREATE INDEX requirement_unfunded ON requirement (opened_at, requirement_id)
WHERE status = 'open' AND covered_usd_minor < usd_minor;
