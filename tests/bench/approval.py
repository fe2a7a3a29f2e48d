"""The one approval that every contestant runs, and the one story told with it.

apply → within bounds? → review → agreed? → sign; a reviewer may send it back to be applied for again. A case is five
completions: applied for, sent back, applied for again, agreed, signed.
"""
from __future__ import annotations

from typing import Any, NamedTuple

from tests.diagrams import diagram, end, flow, start, user, xor

KEY = "approval"

FORM = {
    "title": {"zh": "申请", "en": "Request"},
    "schema": {
        "type": "object",
        "properties": {
            "purpose": {"type": "string", "minLength": 2, "maxLength": 100},
            "amount": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
            "payee": {"type": "string", "minLength": 2, "maxLength": 60},
            "needed": {"type": "string", "maxLength": 20},
        },
        "required": ["purpose", "amount", "payee"],
    },
    "ui": {
        "order": ["purpose", "amount", "payee", "needed"],
        "labels": {
            "purpose": {"zh": "事由", "en": "Purpose"}, "amount": {"zh": "金额", "en": "Amount"},
            "payee": {"zh": "收款人", "en": "Payee"}, "needed": {"zh": "需用日期", "en": "Needed by"},
        },
    },
}
_ASKED = {"purpose": "打印纸 80 箱", "amount": 12_800, "payee": "示范办公用品公司", "needed": "2026-04-01"}


class Done(NamedTuple):
    """One completion: at which node, with which form values, decision and opinion."""

    node: str
    answers: dict[str, Any]
    decision: str | None = None
    opinion: str | None = None

    def flat(self) -> dict[str, Any]:
        """The same as one mapping, for engines that know no decisions."""
        said = {"decision": self.decision, "opinion": self.opinion}
        return self.answers | {name: value for name, value in said.items() if value is not None}


STORY = (
    Done("apply", _ASKED),
    Done("review", {}, "supplement", "金额与报价单不符"),
    Done("apply", _ASKED | {"amount": 12_600}),
    Done("review", {}, "agree"),
    Done("sign", {}, "agree", "同意支付"),
)
#: As expressions of Gangze and of Python alike; other languages get their own through ``source``.
REJECTED, AGAIN = "amount < 0", 'decision == "supplement"'


def source(rejected: str = REJECTED, again: str = AGAIN, language: str = "") -> bytes:
    """The diagram.

    Args:
        rejected, again: the two conditions, in the language of whoever runs it.
        language: what ``language`` its condition expressions name, where the engine asks for one.
    """
    file = diagram(
        KEY, start("s"), user("apply", "CLK", form="request"), xor("bounds", default="bounds-review"),
        user("review", "HEAD", form="request", write="", decisions="agree supplement"),
        xor("agreed", default="agreed-sign"), user("sign", "ACC", form="request", write="", decisions="agree"),
        end("e"), end("no"),
        flow("bounds-review", "bounds", "review"), flow("bounds-no", "bounds", "no", rejected),
        flow("review-agreed", "review", "agreed"), flow("agreed-sign", "agreed", "sign"),
        flow("agreed-apply", "agreed", "apply", again), flow("sign-e", "sign", "e"), path="s apply bounds",
        constraints='<gz:differ id="c1" nodes="apply review sign" basis="内控规范第十二条"/>', title="{purpose}",
    )
    if language:
        file = file.replace(b"<bpmn:conditionExpression ", f'<bpmn:conditionExpression language="{language}" '.encode())
    return file


LOOP_KEY = "loop"
LOOP = diagram(
    LOOP_KEY, start("s"), user("work", "CLK", form="request"), xor("enough", default="again"), end("e"),
    flow("again", "enough", "work"), flow("done", "enough", "e", "amount < 0"), path="s work enough",
)
LOOP_ANSWERS = _ASKED
