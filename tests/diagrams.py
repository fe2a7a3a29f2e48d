"""Small diagrams for tests, written as one reads them.

>>> approval = diagram("approval", start("s"), user("apply", post="CLK"), user("approve", post="HEAD"), end("e"),
...                    path="s apply approve e", constraints='<gz:differ id="c1" nodes="apply approve"/>')
"""
from __future__ import annotations

from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:gz="urn:gangze:bpmn:1" id="d" targetNamespace="t">'
)


def extensions(inside: str) -> str:
    return f"<bpmn:extensionElements>{inside}</bpmn:extensionElements>" if inside else ""


def start(id: str, inside: str = "", ext: str = "") -> str:
    return f'<bpmn:startEvent id="{id}">{extensions(ext)}{inside}</bpmn:startEvent>'


def end(id: str, inside: str = "") -> str:
    return f'<bpmn:endEvent id="{id}">{inside}</bpmn:endEvent>'


def user(
    id: str, post: str = "CLK", name: str = "", form: str = "", decisions: str = "", department: str = "",
    ext: str = "", inside: str = "", days: str = "1", write: str | None = None,
) -> str:
    """A complete user task: post, duty, limit, risk, and a form where one is named."""
    where = f' department="{department}"' if department else ""
    own = (
        f"<gz:post{where}>{post}</gz:post><gz:duty>{id}</gz:duty><gz:limit days=\"{days}\"/>"
        f'<gz:risk level="low">-</gz:risk>'
        + (f"<gz:form>{form}</gz:form>" if form else "")
        + (f'<gz:fields write="{write}"/>' if write is not None else "")
        + (f"<gz:decisions>{decisions}</gz:decisions>" if decisions else "") + ext
    )
    return f'<bpmn:userTask id="{id}" name={quoteattr(name or id)}>{extensions(own)}{inside}</bpmn:userTask>'


def service(id: str, handler: str, inputs: dict[str, str] | None = None, outputs: dict[str, str] | None = None) -> str:
    own = f'<gz:handler name="{handler}">' + "".join(
        f"<gz:input name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in (inputs or {}).items()
    ) + "".join(f"<gz:output name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in (outputs or {}).items())
    return f'<bpmn:serviceTask id="{id}" name="{id}">{extensions(own + "</gz:handler>")}</bpmn:serviceTask>'


def xor(id: str, default: str = "") -> str:
    return f'<bpmn:exclusiveGateway id="{id}"' + (f' default="{default}"' if default else "") + "/>"


def both(id: str) -> str:
    return f'<bpmn:parallelGateway id="{id}"/>'


def flow(id: str, source: str, target: str, when: str = "") -> str:
    condition = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{escape(when)}</bpmn:conditionExpression>'
        if when else ""
    )
    return f'<bpmn:sequenceFlow id="{id}" sourceRef="{source}" targetRef="{target}">{condition}</bpmn:sequenceFlow>'


def diagram(key: str, *parts: str, path: str = "", constraints: str = "", title: str = "", before: str = "") -> bytes:
    """A whole file. ``path`` names nodes in a row and adds the flows between them (ids ``a-b``)."""
    names = path.split()
    flows = "".join(flow(f"{a}-{b}", a, b) for a, b in pairwise(names))
    own = (
        f"<gz:matter>{key.upper()}</gz:matter>"
        + f'<gz:title zh="{key}" en="{key}" case="{title}"/>'
        + (f"<gz:constraints>{constraints}</gz:constraints>" if constraints else "")
    )
    return (
        f'{HEAD}{before}<bpmn:process id="{key}" name="{key}" isExecutable="true">{extensions(own)}'
        f'{"".join(parts)}{flows}</bpmn:process></bpmn:definitions>'
    ).encode()
