"""Separation of duties with a look-ahead: who may act, who could, and that no case ever stops for want of people."""
from .constraints import Rule, Rules
from .gate import allowed, blocked, candidates, may, plan, satisfiable, seats
from .office import Office, Person, Proxy
from .protocol import CaseFacts, Objection, Remedy, Resilience, Satisfiability, Step, Verdict
from .solver import Undecided

__all__ = [
    "CaseFacts", "Objection", "Office", "Person", "Proxy", "Remedy", "Resilience", "Rule", "Rules", "Satisfiability",
    "Step", "Undecided", "Verdict", "allowed", "blocked", "candidates", "may", "plan", "satisfiable", "seats",
]
