-- Who may act, as the directory last said: kept, so that a service that starts while the directory is away knows it.
CREATE TABLE caller (
    appointment_id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    organization text NOT NULL,
    role text NOT NULL,
    starts date NOT NULL,
    ends date,
    ended boolean NOT NULL,
    version integer NOT NULL
);
