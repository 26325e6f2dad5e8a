-- Flows of IATI activity files too: `line` is the number of a transaction from 1, their worth is by a rate of ours.
ALTER TABLE flow_import ADD COLUMN format text NOT NULL DEFAULT 'fts_csv' CHECK (format IN ('fts_csv', 'iati'));

ALTER TABLE imported_flow
ADD COLUMN rate_source text,
ADD COLUMN rate_date date,
DROP CONSTRAINT imported_flow_line_check,
ADD CONSTRAINT imported_flow_line_check CHECK (line > 0),
DROP CONSTRAINT imported_flow_usd_minor_check,
ADD CONSTRAINT imported_flow_usd_minor_check CHECK (usd_minor BETWEEN 0 AND 1000000000000000),
DROP CONSTRAINT imported_flow_rate_check,
ADD CONSTRAINT imported_flow_rate_check CHECK (rate ~ '^[0-9]{1,9}([.][0-9]{1,18})?$'),
ADD CONSTRAINT imported_flow_valued CHECK ((rate_source IS NULL) = (rate_date IS NULL));

ALTER TABLE rejected_row
DROP CONSTRAINT rejected_row_line_check,
ADD CONSTRAINT rejected_row_line_check CHECK (line > 0);

-- Of which flow of an import a pledge was made: one pledge at most, whatever becomes of it.
ALTER TABLE pledge ADD COLUMN import_id uuid REFERENCES flow_import,
ADD COLUMN import_line integer CHECK (import_line > 0),
ADD CONSTRAINT pledge_of_a_flow CHECK ((import_id IS NULL) = (import_line IS NULL));
CREATE UNIQUE INDEX pledge_import ON pledge (import_id, import_line) WHERE import_id IS NOT NULL;
