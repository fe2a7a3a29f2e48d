"""Who may knock at which door. Closed by default: a route that declares nothing does not start.

This is about doors only. Whether somebody may see or touch one particular case is decided in ``queries`` and
``actions``, under the lock where it matters.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def _holds(*roles: str) -> Callable[[Any], bool]:
    return lambda user: user.is_authenticated and str(user.role) in roles


#: The whole table: a permission's name and who has it. ``user`` is Flask-Login's current user.
PERMISSIONS: Mapping[str, Callable[[Any], bool]] = {
    "public": lambda user: True,
    "signed in": lambda user: user.is_authenticated,
    "system administration": _holds("system_admin"),
    "security administration": _holds("security_admin"),
    "audit": _holds("audit_admin"),
    #: The desk of separation of duties: its administrators, the discipline office, leaders (who see their part).
    "separation": lambda user: user.is_authenticated and (
        str(user.role) in ("security_admin", "audit_admin") or user.oversees
    ),
}


def needs(permission: str) -> Callable[[View], View]:
    """Declare what a view (or a view class) needs.

    Raises:
        KeyError: there is no such permission.
    """
    PERMISSIONS[permission]

    def declare(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return declare


def needed_by(view: Callable[..., Any]) -> str | None:
    """The permission a view declares, None where it declares none."""
    found = getattr(view, "permission", None)
    return found if found is not None else getattr(getattr(view, "view_class", None), "permission", None)
