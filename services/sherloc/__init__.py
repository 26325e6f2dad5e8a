"""Owns: the register of legislation, extensions of the portal, the outreach plan.
Publishes: ta.sherloc.{extension,legislation,outreach_activity}.*
Listens to: pledges: what is earmarked to an extension; directory: erased persons.
"""
