"""The check digits of the numbers that name organisations and people in China. Pure."""
from __future__ import annotations

import re
from datetime import date

_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def credit_code_is_valid(code: str) -> bool:
    """Whether ``code`` is a unified social credit code (统一社会信用代码，GB 32100-2015).

    18 characters: authority, kind, six digits of the district, the nine of the organisation code, which has a check
    digit of its own (GB 11714-1997), and the check digit of the whole (ISO 7064-like, modulus 31).
    """
    if not re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}", code):
        return False
    return code[16] == organisation_check(code[8:16]) and code[17] == credit_check(code[:17])


def credit_check(body: str) -> str:
    """The last character of a credit code whose first 17 are ``body`` (GB 32100-2015, 4.2)."""
    total = sum(_CREDIT.index(mark) * pow(3, place, 31) for place, mark in enumerate(body))
    return _CREDIT[-total % 31]


def organisation_check(body: str) -> str:
    """The check character of an organisation code whose first eight are ``body`` (GB 11714-1997)."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(_ORGANISATION.index(mark) * weight for mark, weight in zip(body, weights, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def id_number_is_valid(number: str) -> bool:
    """Whether ``number`` is a resident identity number (公民身份号码，GB 11643-1999), date and check digit."""
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return number[17] == identity_check(number[:17])


def identity_check(body: str) -> str:
    """The last character of an identity number whose first 17 are ``body`` (ISO 7064 MOD 11-2)."""
    total = sum(int(mark) * pow(2, 17 - place, 11) for place, mark in enumerate(body))
    return "10X98765432"[total % 11]


def masked(number: str) -> str:
    """A number as it may be shown and written down: its first six and last two characters."""
    return number[:6] + "*" * (len(number) - 8) + number[-2:] if len(number) > 8 else "*" * len(number)
