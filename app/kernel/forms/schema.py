"""Which schemas a form may have. Everything is settled here, when a form is loaded, so that nothing is left to chance
when it is filled in: a keyword nobody implements, a format nobody checks, a pattern that can be made to run for hours,
a reference to another machine are refused by name and place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from ..expressions import ExpressionError
from ..expressions.lexer import tokens
from ..text import Text
from .formats import READERS

MAX_FIELDS = 300
MAX_DEPTH = 12
MAX_SCHEMA_NODES = 5000
MAX_PATTERN_WORK = 1_000_000
#: Longer text is not matched against a pattern but refused.
MAX_PATTERN_TEXT = 500

NOTES = frozenset(
    {"title", "description", "examples", "default", "$comment", "deprecated", "readOnly", "writeOnly", "x-gz-message"}
)
VALUES = frozenset(
    {
        "type",
        "format",
        "enum",
        "const",
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "items",
        "minItems",
        "maxItems",
        "uniqueItems",
        "properties",
        "required",
        "additionalProperties",
        "x-gz-value",
    }
)
#: Checked by jsonschema on the finished values; everything else is compiled (check.py).
CONDITIONS = frozenset(
    {
        "if",
        "then",
        "else",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "dependentRequired",
        "dependentSchemas",
        "contains",
        "minContains",
        "maxContains",
    }
)
ROOT = frozenset({"$schema", "$id", "$defs", "x-gz-rules", "x-gz-value"})
IN_CONDITIONS = (VALUES | CONDITIONS | NOTES) - {"type", "format", "additionalProperties", "x-gz-value"}
BY_TYPE = {
    "string": frozenset({"minLength", "maxLength", "pattern"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "boolean": frozenset(),
    "array": frozenset({"items", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains"}),
    "object": frozenset({"properties", "required", "additionalProperties", "dependentRequired", "dependentSchemas"}),
}

#: Names with a meaning of their own among the data of a case or in expressions.
RESERVED = frozenset(
    {"nodes", "and", "or", "not", "in", "if", "then", "else", "true", "false", "null", "True", "False", "None"}
)


def _is_name(text: str) -> bool:
    try:
        words = tokens(text, 0, len(text))
    except ExpressionError:
        return False
    return len(words) == 2 and words[0].kind == "name" and words[0].value == text and len(text) <= 64


class FormError(ValueError):
    """A form that cannot be used.

    Attributes:
        problems: (where, what) for every problem found; ``where`` is a path such as ``properties.amount``.
    """

    def __init__(self, problems: list[tuple[str, Text]]) -> None:
        super().__init__("; ".join(f"{where or 'form'}: {what.en}" for where, what in problems))
        self.problems = problems


class Acceptance:
    """One look over one schema: what is wrong with it is gathered in ``problems``."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.problems: list[tuple[str, Text]] = []
        self.definitions = root.get("$defs") if isinstance(root.get("$defs"), Mapping) else {}
        self.nodes = 0

    def refuse(self, where: str, zh: str, en: str) -> None:
        self.problems.append((where, Text(zh, en)))

    def copy(self, value: Any, where: str = "", depth: int = 0, following: tuple[str, ...] = ()) -> Any:
        """A copy of a piece of schema: references put in place, floats as exact decimals."""
        self.nodes += 1
        if depth > MAX_DEPTH * 2 or self.nodes > MAX_SCHEMA_NODES:
            raise FormError([(where, Text("表单结构过大或嵌套过深", "the schema is too large or nested too deep"))])
        if isinstance(value, Mapping):
            if "$ref" in value:
                return self._reference(value, where, depth, following)
            for key in value:
                if not isinstance(key, str):
                    raise FormError([(where, Text("键不是文字", "a key is not text"))])
            return {
                str(k): self.copy(v, f"{where}.{k}".lstrip("."), depth + 1, following)
                for k, v in value.items()
                if k != "$defs"
            }
        if isinstance(value, (list, tuple)):
            return [self.copy(v, f"{where}[{n}]", depth + 1, following) for n, v in enumerate(value)]
        if isinstance(value, float):
            value = Decimal(repr(value))
        if isinstance(value, Decimal) and not value.is_finite():
            raise FormError([(where, Text("不是有限的数", "not a finite number"))])
        if value is None or isinstance(value, (str, bool, int, Decimal)):
            return value
        raise FormError([(where, Text("不是 JSON 值", "not a JSON value"))])

    def _reference(self, value: Mapping[str, Any], where: str, depth: int, following: tuple[str, ...]) -> Any:
        target = value["$ref"]
        name = target[8:] if isinstance(target, str) and target.startswith("#/$defs/") else None
        if name is None or name not in self.definitions or name in following:
            raise FormError(
                [
                    (
                        where,
                        Text(
                            f"引用无效或循环：{target!s:.60}",
                            f"a reference that is foreign, missing or circular: {target!s:.60}",
                        ),
                    )
                ]
            )
        found = self.copy(self.definitions[name], where, depth + 1, (*following, name))
        if not isinstance(found, dict):
            return found
        return found | {k: self.copy(v, where, depth + 1, following) for k, v in value.items() if k != "$ref"}

    def well_formed(self, schema: Mapping[str, Any]) -> None:
        """That it is a JSON Schema of draft 2020-12 at all, by that draft's own meta-schema."""
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            where = ".".join(str(p) for p in error.absolute_path)
            raise FormError(
                [(where, Text("不是有效的 JSON Schema 2020-12", "not a valid JSON Schema 2020-12"))]
            ) from error

    def values(self, schema: Any, where: str, *, root: bool = False, depth: int = 0) -> None:
        """That a piece of schema that describes values keeps to the words we implement."""
        if not isinstance(schema, Mapping):
            return self.refuse(where, "应为记录", "a record is needed")
        if depth > MAX_DEPTH:
            return self.refuse(where, "嵌套过深", "nested too deep")
        kind = type_of(schema)
        if kind is None:
            return self.refuse(where, "type 应为一种类型", "type must be one type")
        self.own_message(schema, where)
        for key in schema:
            if key not in VALUES | CONDITIONS | NOTES | (ROOT if root else frozenset()):
                self.refuse(where, f"不支持的关键字 {key}", f"keyword {key} is not supported")
        form = schema.get("format")
        fitting = BY_TYPE["number"] if form == "money" else BY_TYPE[kind]
        for key in sorted(frozenset().union(*BY_TYPE.values()) & schema.keys() - fitting):
            self.refuse(where, f"{form or kind} 没有 {key}", f"{key} means nothing for {form or kind}")
        if form is not None and (kind, form) not in READERS:
            self.refuse(where, f"不支持 {kind} 类型的格式 {form}", f"format {form} is not supported for type {kind}")
        if form not in (None, "email", "phone") and kind == "string":
            for key in sorted({"pattern", "minLength", "maxLength"} & schema.keys() & fitting):
                self.refuse(where, f"格式 {form} 不能再限 {key}", f"format {form} takes no {key}")
        if form is not None and ("enum" in schema or "const" in schema):
            self.refuse(where, f"格式 {form} 不能再限 enum 或 const", f"format {form} takes no enum or const")
        if schema.get("additionalProperties", False) is not False:
            self.refuse(where, "不能允许未定义的项", "fields that are not defined cannot be allowed")
        if kind == "array" and form is None and "items" not in schema:
            self.refuse(where, "列表没有说明 items", "a list needs items")
        if kind == "object" and "properties" not in schema and (root or "required" in schema):
            self.refuse(where, "没有说明 properties", "properties are missing")
        if "pattern" in schema:
            self.pattern(schema["pattern"], where)
        for name in schema.get("required", ()):
            if name not in schema.get("properties", {}):
                self.refuse(where, f"必填项 {name} 没有定义", f"required field {name} is not defined")
        if "items" in schema:
            self.values(schema["items"], f"{where}.items".lstrip("."), depth=depth + 1)
        for name, inner in schema.get("properties", {}).items():
            if name in RESERVED or not _is_name(name):
                self.refuse(
                    f"{where}.{name}".lstrip("."),
                    "字段名应是表达式里的一个名称，且不是保留字",
                    "a field's name must be one name of an expression, and not a reserved one",
                )
            self.values(inner, f"{where}.{name}".lstrip("."), depth=depth + 1)
        for key in CONDITIONS & schema.keys():
            self._condition(key, schema[key], f"{where}.{key}".lstrip("."), depth + 1, schema.get("properties", {}))

    def _condition(self, key: str, value: Any, where: str, depth: int, fields: Mapping[str, Any]) -> None:
        if key in ("allOf", "anyOf", "oneOf"):
            for n, inner in enumerate(value):
                self.conditions(inner, f"{where}[{n}]", depth, fields)
        elif key == "dependentSchemas":
            for name, inner in value.items():
                self.known(name, where, fields)
                self.conditions(inner, f"{where}.{name}", depth, fields)
        elif key == "dependentRequired":
            for name in {*value, *(n for names in value.values() for n in names)}:
                self.known(name, where, fields)
        elif key == "contains":
            self.conditions(value, where, depth, {})
        elif key in ("if", "then", "else", "not"):
            self.conditions(value, where, depth, fields)

    def own_message(self, schema: Mapping[str, Any], where: str) -> None:
        own = schema.get("x-gz-message", {"zh": "-", "en": "-"})
        if not isinstance(own, Mapping) or not all(isinstance(own.get(n), str) and own[n] for n in ("zh", "en")):
            self.refuse(where, "x-gz-message 应有 zh 和 en", "x-gz-message needs zh and en")

    def known(self, name: str, where: str, fields: Mapping[str, Any]) -> None:
        if fields and name not in fields:
            self.refuse(where, f"没有字段 {name}", f"there is no field {name}")

    def conditions(self, schema: Any, where: str, depth: int, fields: Mapping[str, Any]) -> None:
        """That a piece of schema inside if, then, anyOf … speaks of fields there are, in words jsonschema checks."""
        if isinstance(schema, bool):
            return
        if depth > MAX_DEPTH:
            return self.refuse(where, "嵌套过深", "nested too deep")
        self.own_message(schema, where)
        for key, value in schema.items():
            if key not in IN_CONDITIONS:
                self.refuse(where, f"条件里不支持关键字 {key}", f"keyword {key} is not supported in a condition")
            elif key == "pattern":
                self.pattern(value, where)
            elif key == "properties":
                for name, inner in value.items():
                    self.known(name, where, fields)
                    below = fields.get(name, {})
                    self.conditions(
                        inner,
                        f"{where}.{name}",
                        depth + 1,
                        below.get("properties", {}) if isinstance(below, Mapping) else {},
                    )
            elif key == "required":
                for name in value:
                    self.known(name, where, fields)
            elif key == "items":
                self.conditions(value, f"{where}.items", depth + 1, {})
            elif key in CONDITIONS:
                self._condition(key, value, f"{where}.{key}", depth + 1, fields)

    def pattern(self, pattern: str, where: str) -> None:
        if len(pattern) > 200:
            return self.refuse(where, "正则表达式过长", "the pattern is too long")
        try:
            re.compile(pattern)
            work = pattern_work(pattern)
        except (re.error, RecursionError, OverflowError, ValueError):
            return self.refuse(where, "正则表达式有误", "the pattern cannot be read")
        if work > MAX_PATTERN_WORK:
            self.refuse(
                where,
                "正则表达式过于复杂（嵌套或连续的重复）",
                "the pattern is too complex (nested or consecutive repetitions)",
            )


def type_of(schema: Mapping[str, Any]) -> str | None:
    """The one type besides null that a schema names."""
    kind = schema.get("type")
    if isinstance(kind, list):
        named = [k for k in kind if k != "null"]
        kind = named[0] if len(named) == 1 else None
    if kind is None and (isinstance(schema.get("enum"), list) and all(isinstance(v, str) for v in schema["enum"])):
        kind = "string"
    return kind if kind in BY_TYPE else None


def pattern_work(pattern: str) -> float:
    """About how many ways a matcher that backtracks may have to try a text of ``MAX_PATTERN_TEXT`` characters.

    Repetitions multiply; one inside another, or a choice inside one, is a power and counts as too much.
    """
    from re import _parser  # type: ignore[attr-defined]  # the only exact reading of a pattern there is

    return MAX_PATTERN_TEXT / 100 * _work(_parser.parse(pattern), repeated=False)


def _work(parsed: Any, *, repeated: bool) -> float:
    total = 1.0
    for op, argument in parsed:
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, inner = argument
            high = min(int(high), MAX_PATTERN_TEXT)
            if high > low:
                if repeated:
                    return float("inf")
                total *= high - low + 1
            total *= _work(inner, repeated=repeated or high > low) ** min(max(high, 1), 20)
        elif name == "BRANCH":
            if repeated:
                return float("inf")
            total *= sum(_work(each, repeated=repeated) for each in argument[1])
        elif name == "SUBPATTERN":
            total *= _work(argument[3], repeated=repeated)
        elif name in ("ASSERT", "ASSERT_NOT"):
            total *= _work(argument[1], repeated=repeated)
        elif name in ("GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP"):
            return float("inf")
    return total
