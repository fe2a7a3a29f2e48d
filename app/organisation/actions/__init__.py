"""Everything that changes the organisation: one verb, one transaction, entries in the chain ``organisation``.

``structure``: departments, posts, duties, which posts are kept apart. ``people``: who is there, who is away.
``appointments``: who holds what. ``portfolios``: several of these at once. ``proxies``: who acts for whom.
``declarations``: kin and interests. ``merging``: two records of one natural person. Every verb takes its actor by name. A person
acting through an account needs the security administrator's (accounts and posts are that office's business), except to
declare what is their own.
"""
from .appointments import appoint, appoint_many, end_appointment
from .capabilities import end_capability, grant_capability
from .declarations import (
    decide_request,
    declare_interest,
    declare_kinship,
    end_interest,
    end_kinship,
    find_interest,
    find_kinship,
    request_interest,
    request_kinship,
)
from .merging import merge_people
from .people import change_person, end_absence, record_absence, retire, take_on, take_on_many
from .portfolios import arrange_portfolios
from .proxies import end_proxy, give_proxy
from .structure import (
    add_duty,
    adopt_plan,
    declare_incompatible,
    open_department,
    open_post,
    place_post,
    rename_department,
    rename_post,
)

__all__ = [
    "add_duty", "adopt_plan", "appoint", "appoint_many", "arrange_portfolios", "change_person", "decide_request",
    "declare_incompatible", "declare_interest", "declare_kinship", "end_absence", "end_appointment",
    "end_capability", "end_interest", "end_kinship", "end_proxy", "find_interest", "find_kinship", "give_proxy",
    "grant_capability", "merge_people", "open_department", "open_post", "place_post", "record_absence",
    "rename_department", "rename_post", "request_interest", "request_kinship", "retire", "take_on", "take_on_many",
]
