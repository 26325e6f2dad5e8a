"""The navigation of each role in the head of every page."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from services.console.translations import N_


class Place(Struct, frozen=True):
    """A link of the navigation, and the keys that lead there. Pages under the paths of `also` belong to it, too.

    `pages` are linked on each page that belongs to it.
    """

    path: str
    label: str
    keys: str = ""
    also: tuple[str, ...] = ()
    pages: tuple["Place", ...] = ()

    def has(self, path: str) -> bool:
        """Check whether a page, by its path without a language, belongs to it."""
        paths = (self.path, *self.also)
        return path in paths or any(one and path.startswith(f"{one}/") for one in paths)


HOME = Place("", N_("Home"), "g h")
WORK = Place("/work", N_("Work"), "g w")
REQUESTS = Place("/requests", N_("Requests"), "g r")
OFFERINGS = Place("/offerings", N_("Offerings"), "g o")
DEMAND = Place("/demand", N_("Demand"), "g t")
MATCHES = Place("/matches", N_("Matches"), "g m")
DELIVERIES = Place(
    "/deliveries",
    N_("Deliveries"),
    "g v",
    also=("/sessions", "/results", "/action-points", "/screenings", "/follow-ups", "/effects"),
)
EXPERTS = Place("/experts", N_("Experts"), "g x")
SHERLOC_PAGES = (
    Place("/legislation", N_("Legislation")),
    Place("/legislation/freshness", N_("Freshness")),
    Place("/legislation/gaps", N_("Gaps")),
    Place("/legislation/checks", N_("Yearly checks")),
    Place("/legislation/proposals", N_("After deliveries")),
    Place("/sherloc/contributions", N_("Contributions")),
    Place("/practices", N_("Practices")),
    Place("/extensions", N_("Extensions")),
    Place("/outreach", N_("Outreach")),
    Place("/review-progress", N_("Review progress")),
    Place("/meetings", N_("Informal meetings")),
)
"""Pages on SHERLOC. The head links at most one of them for a role."""
OF_SHERLOC = tuple(one.path for one in SHERLOC_PAGES)
OF_STATES = {"/legislation/gaps", "/legislation/checks", "/legislation/proposals"}
FOR_ALL = tuple(one for one in SHERLOC_PAGES if one.path not in OF_STATES)
SHERLOC = Place("/legislation", N_("SHERLOC"), "g s", also=OF_SHERLOC, pages=SHERLOC_PAGES)
PRACTICES = Place("/practices", N_("Practices"), "g k", also=OF_SHERLOC, pages=FOR_ALL)
EXTENSIONS = Place("/extensions", N_("Extensions"), "g k", also=OF_SHERLOC, pages=FOR_ALL)
COHORTS = Place("/cohorts", N_("Cohorts"), "g c")
ROUNDS = Place("/rounds", N_("Allocation rounds"), "g l")
INTAKE = Place("/intake", N_("Intake"), "g i")
FUNDS = Place("/funds", N_("Funds"), "g f")
PLEDGES = Place("/pledges", N_("Pledges"), "g p")
NEEDS = Place("/needs", N_("Unfunded needs"), "g u")
APPROVALS = Place("/approvals", N_("Approvals"), "g a")
LEDGER = Place("/ledger", N_("Ledger"), "g e")
YEARS = Place("/years", N_("Years"), "g y")
REPORTS = Place(
    "/reports",
    N_("Reports"),
    "g z",
    also=("/figures",),
    pages=(Place("/reports", N_("Reports")), Place("/figures", N_("Figures"))),
)
PARKED = Place("/parked", N_("Events"), "g x")
PEOPLE = Place("/people", N_("People"), "g d")
NOTIFICATIONS = Place("/notifications", N_("Notifications"), "g n")

OF_ROLE: Mapping[str, Sequence[Place]] = {
    "": (Place("/public", N_("Published"), "g h"),),
    "focal_point": (HOME, REQUESTS, MATCHES, DELIVERIES, OFFERINGS, SHERLOC, FUNDS, REPORTS, NOTIFICATIONS, PEOPLE),
    "official": (HOME, REQUESTS, MATCHES, DELIVERIES, OFFERINGS, SHERLOC, FUNDS, REPORTS, NOTIFICATIONS),
    "coordinator": (
        HOME,
        WORK,
        REQUESTS,
        DELIVERIES,
        EXPERTS,
        OFFERINGS,
        COHORTS,
        ROUNDS,
        INTAKE,
        SHERLOC,
        FUNDS,
        REPORTS,
        NOTIFICATIONS,
    ),
    "provider_officer": (
        *(HOME, DEMAND, REQUESTS, OFFERINGS, MATCHES, DELIVERIES, EXPERTS, PRACTICES, FUNDS, NOTIFICATIONS),
    ),
    "donor_officer": (HOME, FUNDS, NEEDS, PLEDGES, EXTENSIONS, NOTIFICATIONS),
    "finance_officer": (
        *(HOME, FUNDS, PLEDGES, NEEDS, APPROVALS, LEDGER, YEARS, NOTIFICATIONS),
        REPORTS,
    ),
    "administrator": (HOME, PEOPLE, PARKED, NOTIFICATIONS),
    "auditor": (
        *(HOME, WORK, REQUESTS, DELIVERIES, FUNDS, LEDGER, YEARS, REPORTS, NOTIFICATIONS),
        SHERLOC,
    ),
}


def navigation(role: str) -> Sequence[Place]:
    return OF_ROLE.get(role, (HOME,))
