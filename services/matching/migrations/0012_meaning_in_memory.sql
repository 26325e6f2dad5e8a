-- What an offering's text was found to mean is in memory beside it: a reading that is made or dropped is a change of it.
CREATE FUNCTION note_reading_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO offering_change (offering_id) VALUES (coalesce(NEW.about_id, OLD.about_id));
    RETURN NULL;
END $$;
CREATE TRIGGER reading_changed AFTER INSERT OR UPDATE ON reading
FOR EACH ROW WHEN (NEW.request_id IS NULL) EXECUTE FUNCTION note_reading_change();
CREATE TRIGGER reading_dropped AFTER DELETE ON reading
FOR EACH ROW WHEN (OLD.request_id IS NULL) EXECUTE FUNCTION note_reading_change();
