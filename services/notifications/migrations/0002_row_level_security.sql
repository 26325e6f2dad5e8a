-- What reaches a person is that person's; who sends what, and what others told, is the service's own.
CALL wall_in('subscription', 'person_id = caller_person()');
CALL wall_in('address', 'EXISTS (SELECT FROM subscription s WHERE s.subscription_id = address.subscription_id)');
CALL wall_in('notification', 'person_id = caller_person()');
CALL wall_in('dispatch', 'person_id = caller_person()');
CALL wall_in('lease', 'false');
CALL wall_in('known_reference', 'false');
