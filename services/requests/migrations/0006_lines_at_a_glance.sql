-- Before the first release, with the services stopped: the table may be locked, and is short.
SET LOCAL entraide.role = 'owner';

-- What a list shows of the lines stands with the request: to read them there would be to ask the wall about each.
ALTER TABLE request
    ADD COLUMN kinds text[] NOT NULL DEFAULT '{}',
    ADD COLUMN fulfilment text NOT NULL DEFAULT 'none' CHECK (fulfilment IN ('none', 'partial', 'complete'));
UPDATE request SET kinds = line.kinds, fulfilment = line.fulfilment
FROM (
    SELECT request_id, array_agg(kind ORDER BY position) AS kinds,
        CASE WHEN bool_and(fulfilment = 'complete') THEN 'complete' WHEN bool_and(fulfilment = 'none') THEN 'none' ELSE 'partial' END AS fulfilment
    FROM request_line GROUP BY request_id
) AS line
WHERE line.request_id = request.request_id;
