"""The part of a schema that speaks of several fields at once (if, then, anyOf, dependentRequired …): jsonschema's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError

from ..text import Text
from ..values import timestamp
from .messages import message
from .schema import MAX_PATTERN_TEXT


def _required(validator: Any, names: list[str], instance: Any, schema: Any) -> Iterator[ValidationError]:
    """As jsonschema's own, but the error belongs to the field that is missing, not to the record it is missing from."""
    if isinstance(instance, dict):
        for name in names:
            if name not in instance:
                yield ValidationError(name, path=(name,))


def _dependent(
    validator: Any, dependencies: Mapping[str, list[str]], instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for name, needed in dependencies.items():
            if name in instance:
                yield from _required(validator, needed, instance, schema)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and (len(instance) > MAX_PATTERN_TEXT or not re.search(pattern, instance)):
        yield ValidationError(pattern)


_Validator = validators.extend(
    Draft202012Validator, {"required": _required, "dependentRequired": _dependent, "pattern": _pattern}
)


def _readable(value: Any) -> Any:
    """A case value as the schema's author sees it: what is empty is not there, dates are text, amounts are numbers."""
    if isinstance(value, dict):
        return {k: _readable(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_readable(v) for v in value]
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def _explicit(schema: Any) -> Any:
    """``false`` as ``{"not": {}}``: jsonschema does not say where a bare ``false`` stood."""
    if schema is False:
        return {"not": {}}
    if not isinstance(schema, dict):
        return schema
    out = dict(schema)
    for key in schema.keys() & {"if", "then", "else", "not", "contains", "items"}:
        out[key] = _explicit(schema[key])
    for key in schema.keys() & {"allOf", "anyOf", "oneOf"}:
        out[key] = [_explicit(each) for each in schema[key]]
    for key in schema.keys() & {"properties", "dependentSchemas"}:
        out[key] = {name: _explicit(each) for name, each in schema[key].items()}
    return out


class Conditions:
    """Some conditions, ready to be asked; built once per form."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator = _Validator(_explicit(schema))

    def errors(self, value: Any) -> Iterator[tuple[str, Text, str | None]]:
        """(path of the field, what is wrong, by which keyword) for every condition that ``value`` does not meet."""
        for error in self._validator.iter_errors(_readable(value)):
            path = ".".join(str(p) for p in error.absolute_path)
            yield path, message(error.validator, error.validator_value, error.schema), error.validator
