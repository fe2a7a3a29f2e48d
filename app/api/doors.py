"""What every door of the API is made of: how a request is read, and the fields programs fill in.

Nothing here knows a room; the rooms' ``api.py`` and ``schemas.py`` build on it.
"""
from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import flask_smorest
from marshmallow import ValidationError, fields, validate
from webargs.core import missing
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import BadRequest

from ..kernel.values import plain

#: The largest body of JSON that is read (bytes). A case holds 256 KB; escapes may make that four times as long.
MOST_JSON = 1024 * 1024
#: The largest id a database holds.
LARGEST = 2**63 - 1


def read_json(body: bytes) -> Any:
    """JSON as programs send it; numbers keep every digit they were written with.

    ``NaN`` and ``Infinity`` get past here, so that the answer can name the field they stand in.

    Raises:
        ValueError: it is not JSON, is nested too deep to be read or holds a number nobody can hold.
    """
    try:
        return json.loads(body, parse_float=Decimal)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    except ArithmeticError as error:
        raise ValueError("a number out of reach") from error


class Parser(FlaskParser):
    """Reads the body; what is not JSON is answered with 400, whatever is wrong with it."""

    def _raw_load_json(self, req: Any) -> Any:
        body = req.get_data(cache=True) if is_json_request(req) else b""
        if not body:
            return missing
        try:
            return read_json(body)
        except ValueError as error:
            raise BadRequest from error


class Blueprint(flask_smorest.Blueprint):
    """A room's endpoints."""

    ARGUMENTS_PARSER = Parser()


class Words(fields.String):
    """A text people may read: no control characters but line ends, nothing that cannot be written down as UTF-8."""

    default_error_messages = {"unreadable": "Holds characters that cannot be stored."}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if any((c < " " and c not in "\t\r\n") or "\ud800" <= c <= "\udfff" for c in text):
            raise self.make_error("unreadable")
        return text


class Id(fields.Integer):
    """An id, a version or a number of rows: a whole number that fits into a database."""

    def __init__(self, *, most: int = LARGEST, least: int = 0, **named: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(least, most), **named)

    def _validated(self, value: Any) -> Any:
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}", value):  # of a query
            value = int(value)
        if isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Moment(fields.AwareDateTime):
    """A moment with its zone (RFC 3339), as UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found: datetime = super()._deserialize(value, attr, data, **kwargs)
        try:
            return found.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError("Not a valid aware datetime.") from error


class Plain(fields.Field[Any]):
    """A case value as plain JSON: money and times as text, everything else as it is."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return plain(value)


def multipart(**parts: str) -> dict[str, Any]:
    """OpenAPI's description of a body of files: ``name="what it is"``; a name ending in ``_`` may come many times."""
    file = {"type": "string", "format": "binary"}
    return {"required": True, "content": {"multipart/form-data": {"schema": {
        "type": "object", "required": [name for name in parts if not name.endswith("_")],
        "properties": {
            name.rstrip("_"): {"type": "array", "items": file, "description": what} if name.endswith("_")
            else {**file, "description": what} for name, what in parts.items()
        },
    }}}}
