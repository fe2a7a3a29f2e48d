"""Accounts, signing in and out, tokens: one verb, one transaction, entries in the chain ``access``."""
from .accounts import add, add_many, set_active, set_password, set_role
from .signing_in import FAILURES, LOCKED, sign_in, sign_out
from .tokens import Issued, issue_token, revoke_token

__all__ = [
    "FAILURES", "LOCKED", "Issued", "add", "add_many", "issue_token", "revoke_token", "set_active", "set_password",
    "set_role", "sign_in", "sign_out",
]
