-- An offering is never deleted, and a match is made of one that was read in the same transaction. The key locked the row
-- of the offering for every match that was suggested, and those that many lines want were written again and again.
ALTER TABLE match DROP CONSTRAINT match_offering_id_fkey;

-- Few requests exclude anybody.
DROP TRIGGER excluded_providers_kept ON wanted_request;
CREATE TRIGGER excluded_providers_begun AFTER INSERT ON wanted_request
FOR EACH ROW WHEN (NEW.excluded_providers <> '{}') EXECUTE FUNCTION keep_excluded_providers();
CREATE TRIGGER excluded_providers_kept AFTER UPDATE OF excluded_providers ON wanted_request
FOR EACH ROW WHEN (OLD.excluded_providers IS DISTINCT FROM NEW.excluded_providers)
EXECUTE FUNCTION keep_excluded_providers();
