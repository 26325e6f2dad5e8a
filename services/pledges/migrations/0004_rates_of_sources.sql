-- Several sources may speak of the same day: which of them counts is the rule's, not the key's.
ALTER TABLE rate DROP CONSTRAINT rate_pkey;
ALTER TABLE rate ADD PRIMARY KEY (currency, source, valid_from);

-- Ten digits after the point are few for a currency of which a dollar is a million. Without a scale nothing is rewritten.
ALTER TABLE rate ALTER COLUMN usd_per_unit TYPE numeric;
ALTER TABLE entry ALTER COLUMN rate TYPE numeric;
