-- What each side of a match has said of its delivery, which a request is closed by.
ALTER TABLE line_match
    ADD COLUMN state_result text CHECK (state_result IN ('met', 'partially_met', 'unmet')),
    ADD COLUMN provider_result text CHECK (provider_result IN ('met', 'partially_met', 'unmet'));
