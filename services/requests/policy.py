"""Who may see a request, and who may move it. Pure: the same is said in SQL by `may_see`, and a test compares them."""

from contracts.refusals import Forbidden
from contracts.values import Caller, Role, is_unodc
from services.requests.domain import MOVES, Addressee, Circulation, Request, Status, Visibility

FILERS = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})
_SHOWN = frozenset({Status.OPEN, Status.IN_DELIVERY, Status.DELIVERED})


def may_see(caller: Caller, request: Request) -> bool:
    """True where the caller may see the request at all; if not, it does not exist for them."""
    if caller.role in FILERS:
        return request.state == caller.organization
    if caller.role in {Role.COORDINATOR, Role.AUDITOR, Role.SERVICE}:
        return request.status is not Status.DRAFT and request.submitted_at is not None
    if caller.role in {Role.PROVIDER_OFFICER, Role.DONOR_OFFICER}:
        return request.status in _SHOWN and request.circulation is Circulation.GRANTED and _is_shown_to(caller, request)
    return False


def _is_shown_to(caller: Caller, request: Request) -> bool:
    if request.visibility is Visibility.NAMED:
        return caller.organization in request.addressed_states or (
            request.addressee is Addressee.UNODC and is_unodc(caller.organization)
        )
    return request.visibility in {Visibility.PROVIDERS, Visibility.PUBLIC_SUMMARY}


def check_may_file(caller: Caller, state: str | None, *, submit: bool) -> None:
    """Raises Forbidden unless the caller files for the own State; only a focal point submits."""
    if caller.role not in FILERS or (submit and caller.role is not Role.FOCAL_POINT):
        raise Forbidden("not-for-your-role")
    if state is not None and state != caller.organization:
        raise Forbidden("not-your-state")


def check_may_move(caller: Caller, move: str, status: Status) -> None:
    """Raises Forbidden where the caller's role does not make this move, from this state or from any."""
    roles = MOVES[move].get(status) or frozenset().union(*MOVES[move].values())
    if caller.role not in roles:
        raise Forbidden("not-for-your-role")


def check_may_say_it_suffices(caller: Caller) -> None:
    """Raises Forbidden: only the State says that what was delivered is enough."""
    if caller.role is not Role.FOCAL_POINT:
        raise Forbidden("not-for-your-role")
