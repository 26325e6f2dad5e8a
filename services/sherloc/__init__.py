"""Owns: the register of legislation, contributions, practices, extensions, outreach, review progress, meetings.
Publishes: ta.sherloc.{legislation,legislation_check,legislation_proposal,contribution,contribution_export,practice,extension,outreach_activity,review_progress,meeting}.*
Listens to: requests: lines; delivery: completed; pledges: earmarked to an extension; directory: erased persons.
"""
