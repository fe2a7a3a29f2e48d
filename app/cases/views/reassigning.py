"""转办, 委派, 加签, 减签: whom to choose, and why. A page of its own, so that it works without JavaScript and on a phone."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from ...errors import Invalid, NotFound, Refused
from ...kernel.text import Text
from ...organisation import queries as organisation
from ...permission import needs
from .. import actions, choosing, queries
from ..models import Signing
from .common import blueprint, me, role, version

#: Page -> what the people on it are chosen for.
_PURPOSE: Mapping[str, str] = {"transfer": "transfer", "delegate": "delegate", "add-signer": "sign"}


@blueprint.get("/work-items/<int:item_id>/<any(transfer, delegate, 'add-signer'):verb>")
@needs("signed in")
def choose(item_id: int, verb: str) -> Any:
    """People who may be chosen, found by name."""
    return _choose(item_id, verb, {})


@blueprint.post("/work-items/<int:item_id>/<any(transfer, delegate, 'add-signer'):verb>")
@needs("signed in")
def chosen(item_id: int, verb: str) -> Any:
    """Search again, or do it."""
    if "_search" in request.form:
        return _choose(item_id, verb, {})
    actor, reason, seen = current_user.actor, request.form.get("_reason", ""), version()
    people = _people()

    def act() -> None:
        if verb == "add-signer":
            actions.add_signer(
                item_id, actor=actor, version=seen, persons=people, position=request.form.get("position", ""),
                mode=request.form.get("mode", "all"), ordered="ordered" in request.form, reason=reason,
            )
        elif not people:
            raise Invalid({"to": [Text("请选择人员", "choose somebody")]})
        else:
            (actions.transfer if verb == "transfer" else actions.delegate)(
                item_id, actor=actor, version=seen, to=people[0], reason=reason)

    told = {"transfer": _("Handed over."), "delegate": _("Delegated; it will come back to you."),
            "add-signer": _("Signers added.")}[verb]
    return _carried_out(act, told, lambda **wrong: _choose(item_id, verb, **wrong),
                        url_for(".inbox") if verb == "transfer" else url_for(".work_item", item_id=item_id))


@blueprint.get("/work-items/<int:item_id>/remove-signer")
@needs("signed in")
def unsign(item_id: int) -> Any:
    """减签: whom, and why."""
    return _unsign(item_id, {})


@blueprint.post("/work-items/<int:item_id>/remove-signer")
@needs("signed in")
def unsigned(item_id: int) -> Any:
    people = _people()

    def act() -> None:
        if not people:
            raise Invalid({"person": [Text("请选择人员", "choose somebody")]})
        actions.remove_signer(
            item_id, actor=current_user.actor, version=version(), person=people[0],
            reason=request.form.get("_reason", ""),
        )

    return _carried_out(act, _("They need not sign any more."), lambda **wrong: _unsign(item_id, **wrong),
                        url_for(".work_item", item_id=item_id))


def _carried_out(act: Callable[[], None], told: str, again: Callable[..., str], onwards: str) -> Any:
    """Do it and go on; what cannot be, and why, is shown where it was asked."""
    try:
        act()
    except Invalid as wrong:
        return again(errors=wrong.errors), wrong.status
    except Refused as no:
        return again(errors={}, refusal=no), no.status
    flash(told, "ok")
    return redirect(onwards)


def _people() -> list[int]:
    return [int(text) for text in request.form.getlist("person") if text.isascii() and text.isdigit() and len(text) < 19]


def _choose(item_id: int, verb: str, errors: dict[str, Any], refusal: Refused | None = None) -> str:
    found = queries.work_item(item_id, actor=current_user.actor, role=role())
    if found.item.assignee_id != me() or not found.item.state.open:
        raise NotFound(Text("这项待办不在您名下", "this work item is not yours"))
    q = request.values.get("q", "")[:60]
    listed = choosing.who_may(item_id, _PURPOSE[verb], actor=current_user.actor, role=role(), q=q)
    picked = _people() if request.method == "POST" else []
    shown = {one.id for one in listed}
    return render_template(
        "cases/choose.html", verb=verb, opened=found, case=found.case, node=found.node, q=q, listed=listed,
        picked=picked, kept=organisation.names([p for p in picked if p not in shown]), errors=errors, refusal=refusal,
        names=_instead(refusal), given=request.form, most=choosing.MOST,
        signing=found.item.signing is not None and found.item.signing is not Signing.DELEGATED,
        departments={place.department.code: place.department for place in _places()},
    )


def _unsign(item_id: int, errors: dict[str, Any], refusal: Refused | None = None) -> str:
    found = queries.work_item(item_id, actor=current_user.actor, role=role())
    people = [one.assignee_id for one in found.signers if one.state.open] + list(found.to_come)
    if found.item.assignee_id != me() or not people:
        raise NotFound(Text("没有可减的会签人", "there is no signer to remove"))
    return render_template(
        "cases/unsign.html", opened=found, case=found.case, node=found.node, people=people, errors=errors,
        names=organisation.names(people), refusal=refusal, given=request.form,
        picked=_people() or [request.args.get("person", type=int)],
    )


def _places() -> Any:
    from ...registers import today

    return organisation.departments(today())


def _instead(refusal: Refused | None) -> dict[int, str]:
    return organisation.names({p for o in refusal.objections for p in o.instead}) if refusal is not None else {}
