"""Owns: the register of legislation: per State and article, what is known of its law on SHERLOC, and who verified it.
Owns also: extensions of the portal.
Publishes: ta.sherloc.{extension,legislation}.*
Listens to: pledges: what is earmarked to an extension; directory: erased persons.
"""
