-- A fund's gap counts what can be allocated, net of programme support cost. A closing of years tells that too; the service
-- makes them anew from the facts. The column has no default: a process of the version before writes none meanwhile, and
-- goes on reading.
TRUNCATE closing_of_years;
ALTER TABLE closing_of_years
ADD COLUMN allocatable_usd_minor numeric[] NOT NULL CHECK (cardinality(allocatable_usd_minor) = cardinality(years));

-- What is owed now is read of the agreements of which something is.
CREATE INDEX pledge_owed ON pledge (fund) WHERE committed_usd_minor > relieved_usd_minor;
