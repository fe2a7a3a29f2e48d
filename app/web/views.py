"""Pages of the house itself: a person's settings of this browser, and the page that shows the parts."""
from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request

from ..errors import NotFound
from ..kernel.text import Text
from ..permission import needs
from . import sampler
from .language import CHOICES
from .navigation import back_to

_YEAR = 365 * 24 * 3600


def register(blueprint: Blueprint, *, demo: bool) -> None:
    blueprint.post("/settings")(settings)
    if demo:
        blueprint.get("/design")(design)


@needs("public")
def settings() -> Any:
    """Keep one setting of this browser (language, large type, keys) and go back to where it was made."""
    answer = redirect(back_to("accounts.sign_in"))
    for name, allowed in CHOICES.items():
        value = request.form.get(name)
        if value is None:
            continue
        if value not in allowed:
            raise NotFound(Text("没有这个选项", "there is no such choice"))
        answer.set_cookie(name, value, max_age=_YEAR, samesite="Lax", httponly=True)
    return answer


@needs("public")
def design() -> Any:
    """Every part of the design system, with made-up content."""
    return render_template("design.html", sample=sampler.sample())
