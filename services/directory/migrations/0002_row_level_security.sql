-- Which organizations there are is no secret among those who work here.
CALL wall_in('person', 'may_see(person, caller_organization(), caller_role(), caller_person())');
CALL wall_in('person_text', 'EXISTS (SELECT FROM person p WHERE p.person_id = person_text.person_id)');
CALL wall_in('person_subject', 'EXISTS (SELECT FROM person p WHERE p.person_id = person_subject.person_id)');
CALL wall_in('appointment', 'may_see(appointment, caller_organization(), caller_role(), caller_person())');
CALL wall_in('appointment_text', 'EXISTS (SELECT FROM appointment a WHERE a.appointment_id = appointment_text.appointment_id)');
