"""What the reader of a request says about its fields, in both languages. The library that reads them speaks English."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..kernel.text import Text
from ..web.language import words

_KNOWN: tuple[tuple[str, str, str], ...] = (
    (r"Missing data for required field\.", "必须填写", "it must be given"),
    (r"Field may not be null\.", "不能为空", "it may not be null"),
    (r"Unknown field\.", "没有这个栏目", "there is no such field"),
    (r"Invalid input type\.", "应为 JSON 对象", "a JSON object is expected"),
    (r"Invalid (?:value|type)\.", "不能使用这个值", "this value cannot be used"),
    (r"Not a valid string\.", "应为文字", "a text is expected"),
    (r"Not a valid utf-8 string\.", "不是 UTF-8 文字", "it is not UTF-8"),
    (r"Holds characters that cannot be stored\.", "含有不能保存的字符", "holds characters that cannot be stored"),
    (r"Not a valid integer\.", "应为整数", "a whole number is expected"),
    (r"Not a valid number\.", "应为数字", "a number is expected"),
    (r"Number too large\.", "数字过大", "the number is too large"),
    (r"Not a valid boolean\.", "应为 true 或 false", "true or false is expected"),
    (r"Not a valid mapping type\.", "应为 JSON 对象", "a JSON object is expected"),
    (r"Not a valid list\.", "应为列表", "a list is expected"),
    (r"Not a valid (?:aware )?datetime\.", "应为带时区的时间，如 2026-01-02T09:00:00+08:00",
     "a time with its zone is expected, such as 2026-01-02T09:00:00+08:00"),
    (r"Not a valid date\.", "应为日期，如 2026-01-02", "a date is expected, such as 2026-01-02"),
    (r"Shorter than minimum length (\d+)\.", "至少 {0} 个字", "at least {0} characters"),
    (r"Longer than maximum length (\d+)\.", "最多 {0} 个字", "at most {0} characters"),
    (r"Length must be between (\d+) and (\d+)\.", "{0} 至 {1} 个字", "from {0} to {1} characters"),
    (r"Must be greater than or equal to (-?\d+)\.", "不小于 {0}", "at least {0}"),
    (r"Must be less than or equal to (-?\d+)\.", "不大于 {0}", "at most {0}"),
    (r"Must be greater than or equal to (-?\d+) and less than or equal to (-?\d+)\.", "{0} 至 {1}", "from {0} to {1}"),
    (r"Must be one of: (.*)\.", "只能是：{0}", "must be one of {0}"),
)
_PATTERNS = tuple((re.compile(pattern), Text(zh, en)) for pattern, zh, en in _KNOWN)


def told(message: str) -> Text:
    """A message of the library in both languages; one it does not know stays as it is."""
    for pattern, text in _PATTERNS:
        if match := pattern.fullmatch(message):
            return Text(text.zh.format(*match.groups()), text.en.format(*match.groups()))
    return Text(message, message)


def by_field(messages: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with a request, by field (``data.amount``), in the reader's language.

    Args:
        messages: as webargs hands them over: location -> field -> messages, or deeper mappings of them.
    """
    found: dict[str, list[str]] = {}
    for part in messages.values():
        for path, message in _flat(part, ""):
            found.setdefault(path, []).append(words(told(message)))
    return found


def _flat(part: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(part, Mapping):
        for key, inner in part.items():
            yield from _flat(inner, path if key == "_schema" else f"{path}.{key}".lstrip("."))
    elif isinstance(part, list):
        for inner in part:
            yield from _flat(inner, path)
    else:
        yield path, str(part)
