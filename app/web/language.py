"""Which language and which looks: asked for by a cookie, else by the browser, else the office's own.

The two languages are complete. Inside they are Babel's ``zh_Hans`` and ``en``; outside, ``zh-CN`` and ``en``.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, has_request_context, request
from flask_babel import get_locale

from ..extensions import babel
from ..kernel.text import Text

#: Tag of a page's ``lang`` and what the choice is called in its own language.
LANGUAGES = {"zh-CN": "中文", "en": "English"}
_BABEL = {"zh-CN": "zh_Hans", "en": "en"}

#: Cookies of the person's own settings: name, the values it may have, the first of them where nothing was chosen.
CHOICES = {"language": ("", *LANGUAGES), "display": ("normal", "large"), "keys": ("on", "off")}


def init_app(app: Flask) -> None:
    babel.init_app(
        app, default_locale=app.config["BABEL_DEFAULT_LOCALE"], default_timezone=app.config["GANGZE_ZONE"],
        default_translation_directories=app.config["BABEL_TRANSLATION_DIRECTORIES"], locale_selector=_select,
    )
    app.jinja_env.filters["words"] = words
    app.context_processor(lambda: {"lang": tag(), "LANGUAGES": LANGUAGES, "choice": choice, "office_name": office_name})


def _select() -> str | None:
    if not has_request_context():
        return None
    chosen = choice("language")
    if chosen:
        return _BABEL[chosen]
    # "zh", "zh-Hans", "zh-TW" … all read the Chinese pages.
    for asked, _ in request.accept_languages:
        if asked.lower().startswith("zh"):
            return "zh_Hans"
        if asked.lower().startswith("en"):
            return "en"
    return None


def choice(name: str) -> str:
    """A setting of this browser (see ``CHOICES``); an unknown value in the cookie counts as none."""
    value = request.cookies.get(name, "")
    return value if value in CHOICES[name] else CHOICES[name][0]


def tag() -> str:
    """The language of this page, as BCP 47 writes it: zh-CN or en."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh-CN"


def words(value: Any) -> str:
    """Something that has words in both languages, in the language of this page.

    Takes a ``Text``, a mapping or an object with ``zh`` and ``en``; anything else as it prints. Nothing: "".
    """
    if value is None:
        return ""
    if isinstance(value, Text):
        return value.to(tag())
    key = "en" if tag() == "en" else "zh"
    if isinstance(value, Mapping):
        return str(value.get(key) or value.get("zh") or value.get("en") or "")
    return str(getattr(value, key, None) or getattr(value, "zh", None) or value)


def office_name() -> str:
    """The office's name in the language of this page."""
    zh, en = current_app.config["OFFICE_NAME"]
    return en if tag() == "en" else zh
