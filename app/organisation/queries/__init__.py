"""Questions about the organisation.

``office``: who may act, as the separation gate sees it. ``register``: departments, posts and people for pages.
``coverage``: what is missing (domain.md §0.1) and what should not be. ``leaders``: the leaders' portfolios.
"""
from .coverage import Clash, Coverage, clashes, coverage
from .leaders import Portfolio, all_portfolios, breaches, in_order, limit, may_decide
from .office import VERSION, office, version
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

__all__ = [
    "VERSION", "Clash", "Coverage", "Held", "Holder", "InDepartment", "PersonPage", "Portfolio", "PostPage",
    "all_portfolios", "breaches", "clashes", "coverage", "departments", "holders", "in_office", "in_order", "limit",
    "main_post", "may_decide", "names", "office", "pairs", "person", "person_by_number", "post", "posts", "posts_of",
    "search_people", "version",
]
