"""Owns: the register of legislation, contributions, practices, extensions, outreach, review progress, meetings.
Publishes: ta.sherloc.* for each of these, and contribution_export, legislation_check and legislation_proposal.
Listens to: requests: lines; delivery: completed; pledges: earmarked to an extension; directory: erased persons.
"""
