-- Whatever is carried at the rate of an agreement says of which source and day that is.
-- And what the bank kept of what a donor sent is kept with the pledge: nobody can carry it on to another fund.
ALTER TABLE pledge ADD COLUMN committed_rate_source text, ADD COLUMN committed_rate_date date,
ADD COLUMN charges_usd_minor bigint NOT NULL DEFAULT 0 CHECK (charges_usd_minor >= 0);
UPDATE pledge SET charges_usd_minor = kept.usd_minor
FROM (
    SELECT pledge_id, -sum(p.usd_minor)::bigint AS usd_minor FROM entry CROSS JOIN unnest(postings) AS p
    WHERE p.account = 'bank_charges' AND pledge_id IS NOT NULL GROUP BY pledge_id
) AS kept
WHERE kept.pledge_id = pledge.pledge_id;
UPDATE pledge SET committed_rate_source = valuation ->> 'rate_source',
    committed_rate_date = (valuation ->> 'rate_date')::date
FROM (
    SELECT aggregate_id, event::json -> 'data' -> 'valuation' AS valuation FROM journal
    WHERE type = 'pledges.pledge.committed.v1'
) AS agreement
WHERE aggregate_id = pledge_id;
ALTER TABLE pledge ADD CONSTRAINT pledge_rate_of_agreement CHECK (
    num_nonnulls(committed_rate, committed_rate_source, committed_rate_date) IN (0, 3)) NOT VALID;
