"""A process package: the folder an office keeps for one process, read into memory."""
from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Invalid
from ..kernel.text import Text
from ..kernel.values import canonical, digest

DIAGRAM = "process.bpmn"
MAX_FILE = 10 * 1024 * 1024
#: Largest form or decision table (bytes).
MAX_FORM = 1024 * 1024


@dataclass(frozen=True)
class Package:
    """What is deployed together: the diagram's bytes, its forms by key, its decision tables (DMN text) by key."""

    source: bytes
    forms: dict[str, dict]
    decisions: dict[str, str]
    area: str = ""
    name: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over the digests of its parts: equal packages have equal names."""
        return digest(canonical({
            "process": digest(self.source),
            "forms": {key: digest(canonical(_plain(form))) for key, form in self.forms.items()},
            "decisions": {key: digest(text.encode()) for key, text in self.decisions.items()},
        }))


def _plain(form: dict) -> dict:
    """A form with its floats as text: schemas may hold bounds like 0.5, and floats have no canonical form."""
    return json.loads(json.dumps(form), parse_float=str)


def read(path: Path) -> Package:
    """The package in a folder, or of a single ``.bpmn`` file; ``process.bpmn`` of a package stands for its folder.

    Raises:
        Invalid: there is no diagram, a file is too large or cannot be read; the error names the file.
    """
    if path.name == DIAGRAM and (path.parent / "forms").is_dir():
        path = path.parent
    diagram = path / DIAGRAM if path.is_dir() else path
    files = sorted(path.glob("forms/*.json")) + sorted(path.glob("decisions/*.dmn")) if path.is_dir() else []
    forms = [(file.name, _bytes(file)) for file in files if file.suffix == ".json"]
    decisions = [(file.name, _bytes(file)) for file in files if file.suffix == ".dmn"]
    return assemble(_bytes(diagram), forms, decisions, path.resolve().parent.name, path.stem)


def assemble(
    diagram: bytes, forms: Iterable[tuple[str, bytes]], decisions: Iterable[tuple[str, bytes]], area: str = "",
    name: str = "",
) -> Package:
    """A package from its files, wherever they come from.

    Args:
        diagram: bytes of the BPMN file.
        forms, decisions: (file name, bytes); a file's name without its suffix is its key.

    Raises:
        Invalid: by file name: too large, not JSON, not UTF-8, or two files of one key.
    """
    errors: dict[str, list[Text]] = {}
    read: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for parts, files, load in ((read[0], forms, _form), (read[1], decisions, _table)):
        for file, source in files:
            key = file.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
            try:
                if key in parts:
                    raise Invalid({file: [Text("有两个同名文件", "there are two files of this name")]})
                parts[key] = load(source)
            except ValueError as error:
                errors[file] = [Text(f"读不懂：{error}", f"cannot be read: {error}")]
    if errors:
        raise Invalid(errors)
    return Package(diagram, *read, area, name)


def _bytes(file: Path) -> bytes:
    try:
        if not file.is_file():
            raise Invalid({str(file): [Text("没有这个文件", "there is no such file")]})
        if file.stat().st_size > MAX_FILE:
            raise Invalid({str(file): [Text("文件超过 10 MB", "the file is larger than 10 MB")]})
        return file.read_bytes()
    except OSError as error:
        raise Invalid({str(file): [Text(f"打不开：{error.strerror}", f"cannot be opened: {error.strerror}")]}) from error


def _form(source: bytes) -> dict[str, Any]:
    """A form's JSON, of the kind that can be stored and named by its digest.

    Raises:
        ValueError: it is not JSON, holds numbers or letters that JSON does not have, or is nested too deep.
    """
    if len(source) > MAX_FORM:
        raise ValueError(f"larger than {MAX_FORM >> 10} KB")
    try:
        found = json.loads(source.decode(), parse_constant=_no_number, parse_int=_whole)
        json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _whole(digits: str) -> int:
    if len(digits) > 16:
        raise ValueError("a whole number has too many digits")
    return int(digits)


def _table(source: bytes) -> str:
    if len(source) > MAX_FORM:
        raise ValueError(f"larger than {MAX_FORM >> 10} KB")
    return source.decode()


def find(root: Path) -> list[Path]:
    """Every package folder below ``root``, in order."""
    return sorted(p.parent for p in root.glob(f"*/*/{DIAGRAM}"))
