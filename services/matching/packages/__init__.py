"""Packages: a match with a State's offering, presented together with a unit of UNODC and a donor's pledge."""
