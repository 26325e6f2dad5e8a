"""Owns: the register of legislation, what States contribute, extensions, the outreach plan, review progress, meetings.
Publishes: ta.sherloc.* for each of these, and contribution_export, legislation_check and legislation_proposal.
Listens to: requests: lines; delivery: completed; pledges: earmarked to an extension; directory: erased persons.
"""
