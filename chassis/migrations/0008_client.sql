-- What an API client has been given leave for; of a person's appointment nothing is said.
ALTER TABLE caller ADD COLUMN scopes text[];
