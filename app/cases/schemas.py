"""What the API says and takes about cases and work items."""
from __future__ import annotations

from marshmallow import Schema, fields, validate

from ..api.doors import Id, Moment, Plain, Words
from ..web.language import words

#: Longest text that is read at all (characters); the actions say what an opinion or a reason may be.
_TEXT = validate.Length(max=10_000)
_NAME = validate.Length(max=200)


class StartSchema(Schema):
    process = Words(required=True, validate=_NAME, metadata={"description": "key of a process or code of its matter"})
    data = fields.Dict(load_default=None, allow_none=True, metadata={
        "description": "values of the first form (completed at once), or the starting data of a process without one; "
                       "null: the first work item waits in the initiator's inbox"})
    opinion = Words(load_default=None, allow_none=True, validate=_TEXT)
    business_key = Words(load_default=None, allow_none=True, validate=validate.Length(1, 120))
    party = Words(load_default=None, allow_none=True, validate=validate.Length(1, 60),
                  metadata={"description": "whom the case is about, party:12"})
    department = Words(load_default=None, allow_none=True, validate=validate.Length(1, 40), metadata={
        "description": "in which of their departments the initiator acts; their own where none is given"})


class OpenItemSchema(Schema):
    id = fields.Int()
    version = fields.Int()
    node = fields.Str()
    state = fields.Str()
    post = fields.Str()
    department = fields.Str(allow_none=True)
    assignee = fields.Int(allow_none=True)
    due_at = fields.AwareDateTime(allow_none=True)


class JobSchema(Schema):
    id = fields.Int()
    node = fields.Str()
    handler = fields.Str()
    state = fields.Str()
    error = fields.Str(allow_none=True)


class CaseSchema(Schema):
    id = fields.Int()
    number = fields.Str()
    title = fields.Str()
    status = fields.Str(metadata={"description": "running, suspended, completed, terminated, cancelled or failed"})
    process = fields.Str()
    version = fields.Int()
    matter = fields.Str()
    business_key = fields.Str(allow_none=True)
    party = fields.Str(allow_none=True)
    initiator = fields.Int(allow_none=True)
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    data = Plain(metadata={"description": "what the asker may see of its values"})
    work_items = fields.List(fields.Nested(OpenItemSchema), metadata={"description": "the open ones"})
    jobs = fields.List(fields.Nested(JobSchema), metadata={"description": "what the house still owes it"})


class ProgressSchema(Schema):
    """Ids of nodes, and of flows."""

    passed = fields.List(fields.Str())
    current = fields.List(fields.Str())
    refused = fields.List(fields.Str())
    returned = fields.List(fields.Str())
    flows = fields.List(fields.Str())


class CaseTrailQuerySchema(Schema):
    cursor = Id(load_default=0, metadata={"description": "from the page before"})
    page_size = Id(load_default=200, least=1, most=1000)


class WorkItemSchema(Schema):
    id = fields.Int()
    version = fields.Int()
    state = fields.Str()
    case = fields.Int(attribute="case_id")
    case_number = fields.Str()
    title = fields.Str(attribute="case_title")
    matter = fields.Str()
    node = fields.Str()
    node_name = fields.Function(lambda item: words(item.node_name), metadata={"type": "string"})
    post = fields.Str()
    department = fields.Str(allow_none=True)
    assignee = fields.Int(attribute="assignee_id", allow_none=True)
    on_behalf_of = fields.Int(attribute="on_behalf_of_id", allow_none=True, metadata={
        "description": "for whom its assignee acts by proxy"})
    own = fields.Bool(metadata={"description": "whether it is the asker's own, not only a principal's"})
    principals = fields.List(fields.Int(), metadata={"description": "for whom the asker may act on it by proxy"})
    signing = fields.Str(allow_none=True, metadata={
        "description": "before, after or beside: the asker is to sign it; delegated: to do it for its assignee"})
    offered_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime(allow_none=True)
    due_published = fields.Bool()
    risk = fields.Str(allow_none=True)


class WorkItemPageSchema(Schema):
    items = fields.List(fields.Nested(WorkItemSchema))
    cursor = fields.Str(allow_none=True)


class SignerSchema(Schema):
    id = fields.Int()
    person = fields.Int(attribute="assignee_id")
    signing = fields.Str()
    state = fields.Str()
    decision = fields.Str(attribute="outcome", allow_none=True)
    opinion = fields.Str(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)


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
    on_behalf_of = fields.Int(allow_none=True, metadata={"description": "for whom its assignee acts by proxy"})
    own = fields.Bool(metadata={"description": "whether the asker may act on it for themselves"})
    principals = fields.List(fields.Int(), metadata={"description": "for whom the asker may act on it by proxy"})
    signing = fields.Str(allow_none=True, metadata={
        "description": "before, after or beside: one signs it; delegated: one does it for its assignee"})
    parent = fields.Int(allow_none=True, metadata={"description": "the work item it was added to"})
    signers = fields.List(fields.Nested(SignerSchema), metadata={"description": "who signs or did it beside the assignee"})
    to_sign = fields.List(fields.Int(), metadata={"description": "persons who will be asked when their turn comes"})


class StandingSchema(Schema):
    """How a work item stands after an act on it."""

    id = fields.Int()
    version = fields.Int()
    state = fields.Str()
    case = fields.Int()
    case_status = fields.Str()


class ListSchema(Schema):
    view = fields.Str(load_default="allocated", validate=validate.OneOf(["offered", "allocated", "completed", "started"]))
    process = Words(load_default=None, validate=_NAME)
    due_before = Moment(load_default=None)
    q = Words(load_default=None, validate=validate.Length(max=100))
    cursor = Words(load_default=None, validate=validate.Length(max=30))
    page_size = Id(load_default=50, least=1, most=200)


class ClaimSchema(Schema):
    version = Id(load_default=None, allow_none=True)
    behalf = Id(load_default=None, allow_none=True, data_key="on_behalf_of", metadata={
        "description": "id of the principal for whom the asker takes it by proxy, from the ``principals`` of the item"})


class HeldSchema(Schema):
    version = Id(required=True)


class SaveSchema(HeldSchema):
    answers = fields.Dict(load_default=dict)
    opinion = Words(load_default=None, allow_none=True, validate=_TEXT)


class CompleteSchema(SaveSchema):
    decision = Words(load_default=None, allow_none=True, validate=_NAME)


class ReturnSchema(HeldSchema):
    opinion = Words(required=True, validate=_TEXT)
    to = Words(load_default="previous", validate=_NAME, metadata={
        "description": "previous, initiator (the first task done) or the id of a node"})
    straight_back = fields.Bool(load_default=False, metadata={
        "description": "true: what is returned comes straight back; false: the way is run again"})


class ReasonSchema(Schema):
    reason = Words(load_default="", validate=_TEXT)


class MessageSchema(Schema):
    name = Words(required=True, validate=_NAME)
    correlation = Words(required=True, validate=_NAME, metadata={"description": "number or business key of the case"})
    data = fields.Dict(load_default=dict)


class DeliveredSchema(Schema):
    case = fields.Int(metadata={"description": "id of the case that took it"})


class SignalSchema(Schema):
    name = Words(required=True, validate=_NAME)
    data = fields.Dict(load_default=dict)


class BroadcastSchema(Schema):
    cases = fields.Int(metadata={"description": "how many cases took it"})


class AttachmentSchema(Schema):
    id = fields.Int()
    name = fields.Str()
    size = fields.Int()
    sha256 = fields.Str()
