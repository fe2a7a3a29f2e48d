"""Questions about the organisation.

``office``: who may act, as the separation gate sees it. ``register``: departments, posts and people for pages.
``coverage``: what is missing (domain.md §0.1) and what should not be. ``leaders``: the leaders' portfolios.
``proxies``: who acts for whom. ``declarations``: whom people keep away from. ``review``: all rules, over history.
"""
from .capabilities import capabilities_of, capable
from .coverage import Clash, Coverage, clashes, coverage
from .declarations import (
    Declared,
    declaration,
    declarations,
    kin_of,
    requests_for,
    responsible,
    seen,
    supervisors,
    visible,
)
from .leaders import Portfolio, all_portfolios, breaches, in_order, limit, may_decide
from .office import VERSION, office, version
from .proxies import PROXY_DAYS, Given, delegable, given_proxies, proxies, proxy
from .register import (
    Held,
    Holder,
    InDepartment,
    PersonPage,
    PostPage,
    departments,
    holders,
    in_office,
    main_post,
    names,
    pairs,
    person,
    person_by_number,
    post,
    posts,
    posts_of,
    search_people,
)
from .review import review

__all__ = [
    "PROXY_DAYS", "VERSION", "Clash", "Coverage", "Declared", "Given", "Held", "Holder", "InDepartment",
    "PersonPage", "Portfolio", "PostPage", "all_portfolios", "breaches", "capabilities_of", "capable", "clashes",
    "coverage", "declaration", "declarations", "delegable", "departments", "given_proxies", "heads", "holders",
    "in_office", "in_order", "kin_of", "limit", "main_post", "may_decide", "names", "office", "pairs", "person",
    "person_by_number", "post", "posts", "posts_of", "proxies", "proxy", "requests_for", "responsible", "review",
    "search_people", "seen", "supervisors", "version", "visible",
]
