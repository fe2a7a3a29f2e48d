"""Questions about the organisation.

``office``: who may act, as the separation gate sees it. ``register``: departments, posts and people for pages.
``coverage``: what is missing (domain.md §0.1) and what should not be.
"""
from .coverage import Clash, Coverage, clashes, coverage
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
    "VERSION", "Clash", "Coverage", "Held", "Holder", "InDepartment", "PersonPage", "PostPage", "clashes", "coverage",
    "departments", "holders", "in_office", "main_post", "names", "office", "pairs", "person", "person_by_number",
    "post", "posts", "posts_of",
    "search_people", "version",
]
