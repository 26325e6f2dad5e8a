-- Which offerings the processes have to read again; of no use after some minutes, and then deleted.
CREATE TABLE offering_change (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    offering_id uuid NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX offering_change_at ON offering_change (changed_at);

CREATE FUNCTION note_offering_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO offering_change (offering_id) VALUES (coalesce(NEW.offering_id, OLD.offering_id));
    RETURN NULL;
END $$;

-- A trigger, because nobody who changes one may forget it.
CREATE TRIGGER offering_changed AFTER INSERT OR UPDATE ON offering
FOR EACH ROW EXECUTE FUNCTION note_offering_change();
CREATE TRIGGER capacity_changed AFTER INSERT OR UPDATE OR DELETE ON capacity
FOR EACH ROW EXECUTE FUNCTION note_offering_change();

-- Ids that tell nothing; whoever changes an offering adds to them.
CALL wall_in('offering_change', 'true');
