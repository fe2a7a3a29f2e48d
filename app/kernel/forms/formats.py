"""Reading what people type: amounts, dates, numbers of identity, references. A reader gives a case value or raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from ..calendar.iso8601 import OFFICE_ZONE
from ..text import Text
from ..values import MAX_DIGITS, MAX_INTEGER, MAX_TEXT
from .messages import TYPES, UNSTORABLE, message

#: A quadrillion yuan; a typing slip, not a budget.
MAX_MONEY = Decimal(10) ** 15
REFERENCES = frozenset({"person", "department", "post", "party", "budget-item", "case", "matter", "asset", "standard"})
MAX_FILES = 50

_FULL_WIDTH = {0xFF10 + n: str(n) for n in range(10)} | {
    0xFF0C: ",",
    0xFF0E: ".",
    0xFF0D: "-",
    0x2212: "-",
    0xFF0B: "+",
}
_PLAIN = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
#: Controls that cannot be stored or shown, and marks that turn the direction of writing to disguise what is written.
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


class Wrong(Exception):
    """A value that does not do, with the message for its field."""

    def __init__(self, text: Text, where: str = "") -> None:
        super().__init__(text.en)
        self.text = text
        self.where = where


def text(raw: Any, strict: bool) -> str:
    if not isinstance(raw, str):
        raise Wrong(TYPES["string"])
    if len(raw) > MAX_TEXT:
        raise Wrong(message("maxLength", MAX_TEXT))
    if _BAD.search(raw):
        raise Wrong(UNSTORABLE)
    if strict:
        return str(raw)
    return raw.replace("\r\n", "\n").strip() if "\r" in raw else raw.strip()


def _decimal(raw: Any, kind: str, currency: bool = False) -> Decimal:
    if isinstance(raw, bool):
        raise Wrong(TYPES[kind])
    if isinstance(raw, float):
        raw = Decimal(repr(float(raw)))
    elif isinstance(raw, int):
        if abs(raw) > 10**MAX_DIGITS:
            raise Wrong(message("maximum", "1E+30"))
        raw = Decimal(int(raw))
    elif isinstance(raw, str):
        if len(raw) > 2 * MAX_DIGITS:
            raise Wrong(TYPES[kind])
        raw = raw.strip().translate(_FULL_WIDTH)
        if currency:
            raw = raw.lstrip("\u00a5\uffe5").strip()
        if not _PLAIN.fullmatch(raw):
            raise Wrong(TYPES[kind])
        raw = Decimal(raw.replace(",", ""))
    if not isinstance(raw, Decimal) or not raw.is_finite():
        raise Wrong(TYPES[kind])
    if raw and (abs(raw.adjusted()) > MAX_DIGITS or len(raw.as_tuple().digits) > MAX_DIGITS):
        raise Wrong(Text("数字过大、过小或位数过多", "This number is too large, too small or has too many digits."))
    return raw if raw else Decimal(0)


def number(raw: Any, strict: bool) -> Decimal:
    if strict and isinstance(raw, str):
        raise Wrong(TYPES["number"])
    return _decimal(raw, "number")


def integer(raw: Any, strict: bool) -> int:
    if raw.__class__ is not int:
        if strict and isinstance(raw, str):
            raise Wrong(TYPES["integer"])
        exact = _decimal(raw, "integer")
        if exact != exact.to_integral_value():
            raise Wrong(TYPES["integer"])
        raw = int(exact)
    if not -MAX_INTEGER <= raw <= MAX_INTEGER:
        raise Wrong(Text("整数过大", "This whole number is too large."))
    return raw


_YES, _NO = frozenset({"true", "on", "yes", "1", "是"}), frozenset({"false", "off", "no", "0", "否"})


def boolean(raw: Any, strict: bool) -> bool:
    if raw is True or raw is False:
        return raw
    if not strict and isinstance(raw, str):
        if raw in _YES:
            return True
        if raw in _NO:
            return False
    raise Wrong(TYPES["boolean"])


def money(raw: Any, strict: bool) -> Decimal:
    """Yuan with exactly two decimal places."""
    amount = _decimal(raw, "money", currency=True)
    if abs(amount) >= MAX_MONEY:
        raise Wrong(message("maximum", MAX_MONEY))
    if amount.as_tuple().exponent < -2 and amount != round(amount, 2):  # type: ignore[operator]
        raise Wrong(TYPES["money"])
    return amount.quantize(Decimal("0.01"))


def day(raw: Any, strict: bool) -> date:
    if isinstance(raw, datetime):
        raise Wrong(TYPES["date"])
    if isinstance(raw, date):
        return raw
    if isinstance(raw, str) and len(raw) <= 20:
        raw = raw.strip()
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", raw):
            try:
                return date.fromisoformat(raw)
            except ValueError:
                pass
    raise Wrong(TYPES["date"])


_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)


def moment(raw: Any, strict: bool, zone: tzinfo = OFFICE_ZONE) -> datetime:
    """A time in UTC; one without an offset, as ``<input type="datetime-local">`` sends it, is the office's own."""
    try:
        if isinstance(raw, str) and _MOMENT.fullmatch(raw.strip()[:40]):
            raw = datetime.fromisoformat(raw.strip())
        if isinstance(raw, datetime):
            return (raw if raw.tzinfo else raw.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Wrong(TYPES["datetime"])


_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def chinese_id(raw: Any, strict: bool) -> str:
    """An identity card number: GB 11643-1999 (ISO 7064 MOD 11-2 check character, a real date of birth)."""
    code = text(raw, strict).upper()
    if re.fullmatch(r"[1-9][0-9]{16}[0-9X]", code):
        check = "10X98765432"[sum(w * int(c) for w, c in zip(_ID_WEIGHTS, code, strict=False)) % 11]
        try:
            date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
            if check == code[17] and code[6:10] >= "1850":
                return code
        except ValueError:
            pass
    raise Wrong(TYPES["chinese-id"])


_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(raw: Any, strict: bool) -> str:
    """A unified social credit code: GB 32100-2015 (weights are powers of 3 modulo 31)."""
    code = text(raw, strict).upper()
    if len(code) == 18 and all(c in _CREDIT for c in code):
        total = sum(_CREDIT.index(c) * pow(3, n, 31) for n, c in enumerate(code[:17]))
        if _CREDIT[(31 - total % 31) % 31] == code[17]:
            return code
    raise Wrong(TYPES["credit-code"])


def _matching(name: str, pattern: str, longest: int) -> Callable[[Any, bool], str]:
    compiled = re.compile(pattern)

    def reader(raw: Any, strict: bool) -> str:
        value = text(raw, strict)
        if len(value) > longest or not compiled.fullmatch(value):
            raise Wrong(TYPES[name])
        return value

    return reader


def reference_number(raw: Any, strict: bool) -> int:
    try:
        value = integer(raw, strict)
    except Wrong as error:
        raise Wrong(TYPES["reference"]) from error
    if value < 1:
        raise Wrong(TYPES["reference"])
    return value


_CODE = re.compile(r"[^\W_][\w.\-/]{0,63}")


def reference_code(raw: Any, strict: bool) -> str:
    value = text(raw, strict)
    if not _CODE.fullmatch(value):
        raise Wrong(TYPES["reference"])
    return value


def files(most: int) -> Callable[[Any, bool], list[dict[str, Any]]]:
    """Attachments as the app describes them after it has stored them: id, name, size in bytes, sha256."""

    def reader(raw: Any, strict: bool) -> list[dict[str, Any]]:
        if isinstance(raw, Mapping):
            raw = [raw]
        if not isinstance(raw, (list, tuple)):
            raise Wrong(TYPES["file"])
        if len(raw) > most:
            raise Wrong(message("maxItems", most))
        return [_file(each) for each in raw]

    return reader


def _file(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, Mapping) or raw.keys() != {"id", "name", "size", "sha256"}:
        raise Wrong(TYPES["file"])
    identity, size, digest = raw["id"], raw["size"], raw["sha256"]
    if identity.__class__ is not int and not (
        isinstance(identity, str) and re.fullmatch(r"[0-9A-Za-z\-]{1,64}", identity)
    ):
        raise Wrong(TYPES["file"])
    if (
        size.__class__ is not int
        or not 0 <= size <= MAX_INTEGER
        or (identity.__class__ is int and not 0 < identity <= MAX_INTEGER)
    ):
        raise Wrong(TYPES["file"])
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise Wrong(TYPES["file"])
    name = text(raw["name"], True)
    if not 0 < len(name) <= 255:
        raise Wrong(TYPES["file"])
    return {"id": identity, "name": name, "size": size, "sha256": str(digest)}


Reader = Callable[[Any, bool], Any]

#: By schema type and format. ``None`` is "no format".
READERS: dict[tuple[str, str | None], Reader] = {
    ("string", None): text,
    ("integer", None): integer,
    ("number", None): number,
    ("boolean", None): boolean,
    ("string", "money"): money,
    ("string", "date"): day,
    ("string", "datetime"): moment,
    ("string", "date-time"): moment,
    ("string", "chinese-id"): chinese_id,
    ("string", "credit-code"): credit_code,
    ("string", "email"): _matching("email", r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+", 254),
    ("string", "phone"): _matching("phone", r"\+?[0-9][0-9\- ]{4,19}", 21),
    ("string", "file"): files(1),
    ("array", "file"): files(MAX_FILES),
    **{("integer", name): reference_number for name in REFERENCES},
    **{("string", name): reference_code for name in REFERENCES},
}
