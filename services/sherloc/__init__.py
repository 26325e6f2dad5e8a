"""Owns: the register of legislation, extensions of the portal, the outreach plan, review progress, informal meetings.
Publishes: ta.sherloc.{extension,legislation,meeting,outreach_activity,review_progress}.*
Listens to: pledges: what is earmarked to an extension; directory: erased persons.
"""
