-- Whatever is carried at the rate of an agreement says of which source and day that is.
ALTER TABLE pledge ADD COLUMN committed_rate_source text, ADD COLUMN committed_rate_date date;
UPDATE pledge SET committed_rate_source = valuation ->> 'rate_source',
    committed_rate_date = (valuation ->> 'rate_date')::date
FROM (
    SELECT aggregate_id, event::json -> 'data' -> 'valuation' AS valuation FROM journal
    WHERE type = 'pledges.pledge.committed.v1'
) AS agreement
WHERE aggregate_id = pledge_id;
ALTER TABLE pledge ADD CONSTRAINT pledge_rate_of_agreement CHECK (
    num_nonnulls(committed_rate, committed_rate_source, committed_rate_date) IN (0, 3)) NOT VALID;
