-- Funds, their yearly requirements, their balances and rates of exchange are for everybody who works here.
CALL wall_in('pledge', 'may_see(pledge, caller_organization(), caller_role())');
CALL wall_in('pledge_text', 'EXISTS (SELECT FROM pledge p WHERE p.pledge_id = pledge_text.pledge_id)');
CALL wall_in('requirement', 'may_see(requirement, caller_organization(), caller_role())');
CALL wall_in('allocation', 'may_see(allocation, caller_organization(), caller_role())');
CALL wall_in('entry', 'may_see(entry, caller_organization(), caller_role())');
CALL wall_in('posting', 'EXISTS (SELECT FROM entry e WHERE e.entry_id = posting.entry_id)');
