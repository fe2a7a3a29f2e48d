"""One natural person, one record: how the register tells that two records are the same person.

It keeps no identity number, only a hash under a key of this installation: two equal hashes are one person, and nobody
can read a number out of them without the key.
"""
from __future__ import annotations

import hmac
import unicodedata
from typing import Any

from flask import current_app

from ..parties import numbers
from ..registers import Fields


def known_as(fields: Fields, field: str, number: Any) -> bytes | None:
    """What the register keeps of a national identity number; None for none.

    Args:
        fields: is told where the number is wrong.
        number: 公民身份号码 (GB 11643-1999), 18 characters.
    """
    if number is None or number == "":
        return None
    text = fields.line(field, number, most=40)
    text = unicodedata.normalize("NFKC", text).replace(" ", "").upper()
    if not numbers.id_number_is_valid(text):
        if field not in fields.errors:
            fields.wrong(field, "身份证号不正确，请核对。", "This is no valid identity number; check it.")
        return None
    return hmac.digest(_key(), text.encode(), "sha256")


def _key() -> bytes:
    """A key for this purpose alone, so that no other use of the application's secret can produce such a hash."""
    return hmac.digest(str(current_app.config["SECRET_KEY"]).encode(), b"gangze:person-identity:1", "sha256")
