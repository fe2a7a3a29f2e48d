"""Separation of duties with a look-ahead: who may act, who could, and that no case ever stops for want of people."""
from .constraints import Collective, Release, Rule, Rules
from .gate import allowed, blocked, candidates, may, plan, seats
from .office import Office, Person, Proxy
from .protocol import CaseFacts, Objection, Remedy, Resilience, Satisfiability, Step, Verdict
from .relief import remedies
from .solver import Undecided
from .staffing import contradiction, resilience, satisfiable

__all__ = [
    "CaseFacts", "Collective", "Objection", "Office", "Person", "Proxy", "Release", "Remedy", "Resilience", "Rule",
    "Rules", "Satisfiability", "Step", "Undecided", "Verdict", "allowed", "blocked", "candidates", "contradiction",
    "may", "plan", "remedies", "resilience", "satisfiable", "seats",
]
