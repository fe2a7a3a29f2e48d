"""What the API says and takes about cases and work items."""
from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from ..kernel.values import plain


class Plain(fields.Field[Any]):
    """A case value as plain JSON: money and times as text, everything else as it is."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return plain(value)


class StartSchema(Schema):
    process = fields.Str(required=True, metadata={"description": "key of a process or code of its matter"})
    data = fields.Dict(load_default=None, allow_none=True, metadata={
        "description": "values of the first form (completed at once), or the starting data of a process without one; "
                       "null: the first work item waits in the initiator's inbox"})
    opinion = fields.Str(load_default=None, allow_none=True)
    business_key = fields.Str(load_default=None, allow_none=True, validate=validate.Length(max=120))
    party = fields.Str(load_default=None, allow_none=True, validate=validate.Length(max=60))
    department = fields.Str(load_default=None, allow_none=True, validate=validate.Length(max=40))


class WorkItemSchema(Schema):
    id = fields.Int()
    version = fields.Int()
    state = fields.Str()
    case = fields.Int(attribute="case_id")
    case_number = fields.Str()
    title = fields.Str(attribute="case_title")
    matter = fields.Str()
    node = fields.Str()
    node_name = fields.Str()
    post = fields.Str()
    department = fields.Str(allow_none=True)
    assignee = fields.Int(attribute="assignee_id", allow_none=True)
    offered_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime(allow_none=True)
    due_published = fields.Bool()
    risk = fields.Str(allow_none=True)


class WorkItemPageSchema(Schema):
    items = fields.List(fields.Nested(WorkItemSchema))
    cursor = fields.Str(allow_none=True)


class WorkItemDetailSchema(Schema):
    id = fields.Int()
    version = fields.Int()
    state = fields.Str()
    case = fields.Int()
    case_number = fields.Str()
    node = fields.Str()
    node_name = fields.Str()
    assignee = fields.Int(allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)
    decisions = fields.List(fields.Str())
    form = fields.Str(allow_none=True)
    data = Plain()
    draft = Plain()
    returnable = fields.List(fields.Str(), metadata={"description": "nodes it may be returned to, latest first"})
    allowed = fields.Bool(metadata={"description": "whether the separation rules let the asker act on it now"})


class ListSchema(Schema):
    view = fields.Str(load_default="allocated", validate=validate.OneOf(["offered", "allocated", "completed", "started"]))
    process = fields.Str(load_default=None)
    due_before = fields.AwareDateTime(load_default=None)
    q = fields.Str(load_default=None, validate=validate.Length(max=100))
    cursor = fields.Str(load_default=None)
    page_size = fields.Int(load_default=50, validate=validate.Range(1, 200))


class VersionSchema(Schema):
    version = fields.Int(load_default=None, allow_none=True)


class HeldSchema(Schema):
    version = fields.Int(required=True)


class SaveSchema(HeldSchema):
    answers = fields.Dict(load_default=dict)
    opinion = fields.Str(load_default=None, allow_none=True)


class CompleteSchema(SaveSchema):
    decision = fields.Str(load_default=None, allow_none=True)


class ReturnSchema(HeldSchema):
    opinion = fields.Str(required=True)
    to = fields.Str(load_default="previous")
    straight_back = fields.Bool(load_default=False)


class ReasonSchema(Schema):
    reason = fields.Str(load_default="")


class MessageSchema(Schema):
    name = fields.Str(required=True)
    correlation = fields.Str(required=True, metadata={"description": "number or business key of the case"})
    data = fields.Dict(load_default=dict)


class SignalSchema(Schema):
    name = fields.Str(required=True)
    data = fields.Dict(load_default=dict)


class ExplainSchema(Schema):
    case = fields.Int(required=True)
    node = fields.Str(required=True)
