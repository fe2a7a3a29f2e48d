"""Separation of duties with a look-ahead: who may act, who could, and that no case ever stops for want of people."""
from .constraints import Rule, Rules
from .gate import allowed, blocked, candidates, may, plan, satisfiable
from .office import Office, Person
from .protocol import CaseFacts, Objection, Satisfiability, Verdict
from .solver import Undecided

__all__ = [
    "CaseFacts", "Objection", "Office", "Person", "Rule", "Rules", "Satisfiability", "Undecided", "Verdict", "allowed",
    "blocked", "candidates", "may", "plan", "satisfiable",
]
