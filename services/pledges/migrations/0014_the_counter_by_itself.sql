-- Where two writers meet at a counter, the second looks at it again once the first has committed: PostgreSQL sets up the
-- plan of the whole statement for that, so that what moves a counter is a statement by itself.
CREATE FUNCTION move_balance(of_fund text, by_usd_minor bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE balance SET available_usd_minor = available_usd_minor + by_usd_minor
    WHERE fund = of_fund AND available_usd_minor + by_usd_minor >= 0;
    RETURN FOUND;
END
$$;
