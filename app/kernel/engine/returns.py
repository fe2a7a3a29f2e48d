"""Returning (退回): back to an earlier user task, to run the way again (重走) or to come straight back (直送)."""
from __future__ import annotations

from . import spine
from .case import Case, Token, impossible


def places(case: Case, token: Token, straight_back: bool) -> list[tuple[str, int, Token]]:
    """(node, execution, token of the scope) of every user task the token may go back to, latest first."""
    found: list[tuple[str, int, Token]] = []
    cut = token.internal_data.get("cut")
    at: Token | None = token
    here = token.node
    while at is not None and at.parent is not None:
        for node, done in reversed(at.spine):
            if node == here or (cut is not None and abs(done) >= cut):
                continue
            if straight_back or done > 0:
                found.append((node, abs(done), at.parent))
        at = at.parent
    return found


def go_back(case: Case, token: Token, target: str, straight_back: bool) -> None:
    """Carry out a return.

    Raises:
        NotPossible: the token is not at an open user task, or has not come by ``target``.
    """
    place = next((p for p in places(case, token, straight_back) if p[0] == target), None)
    if place is None:
        raise impossible(f"不能退回到“{target}”", f"cannot return to {target!r}")
    _, done, scope = place
    token.fate = "returned"
    token.detail = {"to": target, "straight_back": straight_back}
    memory = token.internal_data
    spec = case.program.specs[target]
    if straight_back:
        around = token.parent
        trail = token.spine
        back = [*memory.get("back", ()), [token.node, memory.get("number"), memory.get("cut")]]
        case.withdraw(token)
        case.enter(spec, around, trail, back=back, cut=done)
        return
    trail = next(t.spine for t in _up(token) if t.parent is scope)
    for child in list(scope.children):
        if child.role != "watch" and (child.id == done or spine.holds(child.spine, target, done)):
            case.withdraw(child, "return")
    case.enter(spec, scope, spine.before(trail, done))


def _up(token: Token):
    at: Token | None = token
    while at is not None:
        yield at
        at = at.parent
