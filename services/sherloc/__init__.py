"""Owns: the register of legislation: per State and article, what is known of its law; practices, challenges and tools.
Publishes: ta.sherloc.{legislation,practice}.*
Listens to: delivery, directory: completed deliveries, erased persons.
"""
