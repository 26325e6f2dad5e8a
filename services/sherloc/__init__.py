"""Owns: register of legislation, checks, proposals, contributions, practices, extensions, outreach, reviews, meetings.
Publishes: ta.sherloc.{legislation,legislation_check,legislation_proposal,contribution,contribution_export,practice,extension,outreach_activity,review_progress,meeting}.*
Listens to: requests, pledges, delivery, directory, for lines, earmarked pledges, completed deliveries, erased persons.
"""
