"""Text of an expression into words, each with its place.

Strict on purpose. An identifier that Unicode would read as another one (NFKC, as Python does for its own names) is
refused instead of normalised: two names that look alike must not be one name. Full-width punctuation is refused with
the character to type instead: guessing which ``=`` a Chinese keyboard meant is not ours to do.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple

from ..text import Text
from ..values import MAX_DIGITS, MAX_INTEGER
from .errors import ExpressionError


class Token(NamedTuple):
    """``kind`` = name | number | text | op | end; ``value`` the name, the value or the operator; ``at`` its index."""

    kind: str
    value: object
    at: int


_SPACE = " \t\r\n"
_OPERATORS = (
    "..",
    "&&",
    "||",
    "==",
    "!=",
    "<=",
    ">=",
    "<",
    ">",
    "=",
    "!",
    "+",
    "-",
    "*",
    "/",
    "%",
    "(",
    ")",
    "[",
    "]",
    ".",
    ",",
    "?",
    ":",
)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_NAME = re.compile(r"[^\W\d]\w*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "/": "/"}
#: What a Chinese keyboard types, and what was probably meant. Only ever used to word an error.
_MEANT = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {
    "\u3002": ".",
    "\u3001": ",",
    "\u201c": '"',
    "\u201d": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\u3010": "[",
    "\u3011": "]",
    "\u300a": "<",
    "\u300b": ">",
    "\u00d7": "*",
    "\u00f7": "/",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\u2212": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u3000": " ",
    "\u00a0": " ",
}


def tokens(source: str, start: int, end: int) -> list[Token]:
    """The words of ``source[start:end]``, closed by one of kind ``end``.

    Raises:
        ExpressionError: a character, number, name or string that is not of the language.
    """
    found: list[Token] = []
    at = start
    while at < end:
        char = source[at]
        if char in _SPACE:
            at += 1
        elif char in "\"'":
            value, following = _string(source, at, end)
            found.append(Token("text", value, at))
            at = following
        elif char in "0123456789":
            match = _NUMBER.match(source, at, end)
            assert match is not None
            found.append(Token("number", _number(match.group(), at), at))
            at = match.end()
            if at < end and (source[at].isalnum() or source[at] == "_"):
                raise ExpressionError(Text("数字后面紧跟着文字", "a number runs straight into text"), at)
        elif match := _NAME.match(source, at, end):
            found.append(Token("name", _name(match.group(), at), at))
            at = match.end()
        else:
            operator = next((o for o in _OPERATORS if source.startswith(o, at, end)), None)
            if operator is None:
                raise _stranger(char, at)
            found.append(Token("op", operator, at))
            at += len(operator)
    found.append(Token("end", "", end))
    return found


def _string(source: str, at: int, end: int) -> tuple[str, int]:
    quote, out, here = source[at], [], at + 1
    while here < end:
        char = source[here]
        if char == quote:
            return "".join(out), here + 1
        if char == "\\":
            follower = source[here + 1] if here + 1 < end else ""
            if follower == "u" and re.fullmatch("[0-9a-fA-F]{4}", source[here + 2 : min(here + 6, end)]):
                char = chr(int(source[here + 2 : here + 6], 16))
                if char == "\0" or "\ud800" <= char <= "\udfff":
                    raise ExpressionError(Text("字符不允许", "this character is not allowed"), here)
                here += 4
            elif follower in _ESCAPES and follower:
                char = _ESCAPES[follower]
            else:
                raise ExpressionError(Text("反斜杠后面的写法不认识", "unknown escape after the backslash"), here)
            here += 1
        elif char in "\r\n":
            raise ExpressionError(Text("引号里的文字不能换行", "quoted text may not run over a line end"), here)
        out.append(char)
        here += 1
    raise ExpressionError(Text("引号没有成对", "the quotation mark is never closed"), at)


def _number(text: str, at: int) -> int | Decimal:
    if len(text) > MAX_DIGITS:
        raise ExpressionError(Text("数字位数过多", "the number has too many digits"), at)
    if "." in text:
        return Decimal(text)
    if len(text) > 1 and text[0] == "0":
        raise ExpressionError(Text("整数不能以 0 开头", "an integer may not start with 0"), at)
    number = int(text)
    if number > MAX_INTEGER:
        raise ExpressionError(Text("整数过大", "the integer is too large"), at)
    return number


def _name(text: str, at: int) -> str:
    if text.startswith("_"):
        raise ExpressionError(
            Text(f"名称不能以下划线开头：{text}", f"a name may not start with an underscore: {text}"), at
        )
    plain = unicodedata.normalize("NFKC", text)
    if plain != text:
        raise ExpressionError(
            Text(
                f"名称含有兼容字符（如全角字母），请改写为 {plain}",
                f"the name holds compatibility characters; write {plain}",
            ),
            at,
        )
    if not text.isidentifier():
        raise ExpressionError(Text(f"不是名称：{text}", f"not a name: {text}"), at)
    return text


def _stranger(char: str, at: int) -> ExpressionError:
    if meant := _MEANT.get(char):
        named = Text("空格", "a plain space") if meant == " " else Text(meant, meant)
        return ExpressionError(
            Text("全角或特殊符号“{char}”请改为半角 {meant}", "{char} is not a plain character: write {meant}").format(
                char=char if char.isprintable() else f"U+{ord(char):04X}", meant=named
            ),
            at,
        )
    shown = char if char.isprintable() else f"U+{ord(char):04X}"
    if char in "&|":
        return ExpressionError(Text(f"请写 {char}{char}", f"write {char}{char}"), at)
    return ExpressionError(Text(f"表达式里不能用 {shown}", f"{shown} has no place in an expression"), at)
