"""Owns: the register of legislation, what States contribute, extensions, the outreach plan, review progress, meetings.
Publishes: ta.sherloc.* for each of these, and contribution_export
Listens to: pledges: what is earmarked to an extension; directory: erased persons.
"""
