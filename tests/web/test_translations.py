"""Both languages are complete: a sentence of the pages that has no Chinese does not get in."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "app/web/translations/zh_Hans/LC_MESSAGES/messages.po"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


@pytest.fixture(scope="module")
def spoken() -> dict[Any, str]:
    """Every message of the sources, with a place where it is said."""
    return {
        message: f"{file}:{line}"
        for file, line, message, _comments, _context in extract_from_dir(ROOT / "app", METHODS, keywords=KEYWORDS)
    }


@pytest.fixture(scope="module")
def chinese() -> dict[Any, Any]:
    with PO.open("rb") as file:
        return {message.id: message.string for message in read_po(file) if message.id}


def test_the_sources_say_something(spoken: dict[Any, str]) -> None:
    assert len(spoken) > 200


def test_every_sentence_has_its_chinese(spoken: dict[Any, str], chinese: dict[Any, Any]) -> None:
    missing = {m: place for m, place in spoken.items() if not any(
        (chinese.get(m),) if isinstance(chinese.get(m), str) else chinese.get(m) or ())}
    assert missing == {}


def test_no_chinese_is_kept_for_what_nobody_says(spoken: dict[Any, str], chinese: dict[Any, Any]) -> None:
    assert set(chinese) - set(spoken) == set()


def test_a_translation_keeps_the_names_of_what_is_put_in(chinese: dict[Any, Any]) -> None:
    def holes(text: str) -> set[str]:
        return set(re.findall(r"%\((\w+)\)s|\{(\w+)\}", text))

    for message, said in chinese.items():
        wanted = holes(message if isinstance(message, str) else message[1])
        for text in (said,) if isinstance(said, str) else said:
            assert holes(text) == wanted, message


def test_templates_hold_no_chinese_of_their_own() -> None:
    """A sentence written straight into a template would be Chinese on an English page."""
    found = {}
    for template in (ROOT / "app").rglob("templates/**/*.html"):
        if template.name == "design.html":
            continue  # shows names and amounts as samples
        text = re.sub(r"\{#.*?#\}", "", template.read_text(), flags=re.S)
        left = re.sub(r"'、'", "", text)
        if bad := re.findall(r"[\u4e00-\u9fff]+", left):
            found[str(template.relative_to(ROOT))] = bad
    assert found == {}
