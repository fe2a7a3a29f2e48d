"""The values a case may hold, and their one written form.

Data of a case is made of None, bool, int, Decimal, str, date, datetime (UTC), lists and string-keyed dicts. Nothing
else gets past :func:`normalise`, so the engine, the trail and the database never meet a NaN, a float, a tuple or a
foreign object (engine-notes D6-D8). Typed scalars are written as ``{"$dec": "12.30"}``, ``{"$date": "2026-01-02"}``
and ``{"$time": "2026-01-02T03:04:05.678Z"}``; a key that starts with ``$`` is refused from outside, so no form value
can pretend to be one.
"""
from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from .text import Text

MAX_DEPTH = 20
MAX_BYTES = 256 * 1024
MAX_TEXT = 64 * 1024
MAX_DIGITS = 30
#: JSON readers elsewhere (JavaScript) lose integers beyond this; larger ones must be text or Decimal.
MAX_INTEGER = 2**53 - 1

Value = Any


class BadValue(ValueError):
    """A value a case may not hold.

    Attributes:
        path: where it is, e.g. ``items[2].amount``; empty for the whole.
        text: what is wrong with it, for a person.
    """

    def __init__(self, path: str, text: Text) -> None:
        super().__init__(f"{path or 'value'}: {text.en}")
        self.path = path
        self.text = text


def normalise(value: Any, *, max_bytes: int = MAX_BYTES) -> Value:
    """A deep copy of ``value`` in the types of this module.

    Args:
        value: anything JSON-like; floats become Decimals by their shortest text, naive datetimes are refused.
        max_bytes: the largest written form accepted.

    Raises:
        BadValue: something in it has no place in a case, with its path.
    """
    clean = _normalise(value, "", 0)
    try:
        size = len(dumps(clean))
    except (TypeError, ValueError) as error:
        raise BadValue("", Text("含有不能保存的字符", "holds characters that cannot be stored")) from error
    if size > max_bytes:
        raise BadValue("", Text(f"数据过大：{size} 字节，上限 {max_bytes}", f"too large: {size} bytes, at most {max_bytes}"))
    return clean


def _normalise(value: Any, path: str, depth: int) -> Value:
    if depth > MAX_DEPTH:
        raise BadValue(path, Text(f"嵌套超过 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH} levels"))
    if value.__class__ is str and len(value) <= MAX_TEXT and "\x00" not in value:  # most of what there is, keys and all
        return value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise BadValue(path, Text("整数过大", "the integer is too large"))
        return int(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise BadValue(path, Text("不是有限的数", "not a finite number"))
        if len(value.as_tuple().digits) > MAX_DIGITS or abs(value.adjusted()) > MAX_DIGITS:
            raise BadValue(path, Text("数字位数过多", "the number has too many digits"))
        return value
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise BadValue(path, Text(f"文字超过 {MAX_TEXT} 字", f"longer than {MAX_TEXT} characters"))
        if "\x00" in value:
            raise BadValue(path, Text("含有空字符", "holds a NUL character"))
        return str(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise BadValue(path, Text("时间没有时区", "the time has no zone"))
        return value.astimezone(UTC)
    if isinstance(value, date):
        return value
    if isinstance(value, Mapping):
        out: dict[str, Value] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise BadValue(path, Text("键不是文字", "a key is not text"))
            if key.startswith("$"):
                raise BadValue(f"{path}.{key}".lstrip("."), Text("键不能以 $ 开头", "a key may not start with $"))
            _normalise(key, path, depth)
            out[key] = _normalise(item, f"{path}.{key}".lstrip("."), depth + 1)
        return out
    if isinstance(value, (list, tuple)):
        return [_normalise(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
    raise BadValue(path, Text(f"不支持的类型 {type(value).__name__}", f"unsupported type {type(value).__name__}"))


def _typed(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"$dec": format(value, "f")}
    if isinstance(value, datetime):
        return {"$time": timestamp(value)}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    raise TypeError(f"{type(value).__name__} is not a case value")


_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_SORT_KEYS


def dumps(value: Value) -> str:
    """The written form of ``value``: JSON with sorted keys and no white space, equal for equal values."""
    return orjson.dumps(value, default=_typed, option=_OPTIONS).decode()


def canonical(value: Value) -> bytes:
    """The exact bytes that are hashed for ``value``.

    As RFC 8785 (JSON Canonicalization Scheme) for the values of this module: UTF-8, keys sorted by code point, no
    insignificant white space, no floats.
    """
    return orjson.dumps(value, default=_typed, option=_OPTIONS)


def _restore(value: Any) -> Value:
    if isinstance(value, dict):
        if len(value) == 1:
            if "$dec" in value:
                return Decimal(value["$dec"])
            if "$date" in value:
                return date.fromisoformat(value["$date"])
            if "$time" in value:
                return datetime.fromisoformat(value["$time"])
        for key, item in value.items():
            if item.__class__ in (dict, list):
                value[key] = _restore(item)
        return value
    if isinstance(value, list):
        return [_restore(item) if item.__class__ in (dict, list) else item for item in value]
    return value


def loads(text: str | bytes) -> Value:
    """The value whose written form is ``text``."""
    return _restore(orjson.loads(text))


def plain(value: Value) -> Any:
    """A value in the JSON that programs outside expect: Decimals, dates and times as their text, untagged."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def digest(source: bytes) -> str:
    """The name of some bytes: lower-case hexadecimal SHA-256."""
    return hashlib.sha256(source).hexdigest()


def timestamp(moment: datetime) -> str:
    """``moment`` as UTC with milliseconds, ``2026-01-02T03:04:05.678Z`` (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def decimal(text: str) -> Decimal:
    """A Decimal from what a person typed: thousands separators and full-width digits allowed.

    Raises:
        ValueError: it is not a finite number.
    """
    try:
        number = Decimal(text.strip().replace(",", "").replace("\uff0c", "").lstrip("\u00a5\uffe5"))
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not number.is_finite():
        raise ValueError(text)
    return number
