"""A process package: the folder an office keeps for one process, read into memory."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..errors import Invalid
from ..kernel.text import Text
from ..kernel.values import canonical, digest

MAX_FILE = 10 * 1024 * 1024


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
    """The package in a folder, or of a single ``.bpmn`` file.

    Raises:
        Invalid: there is no diagram, a file is too large or is not readable JSON; the error names the file.
    """
    diagram = path / "process.bpmn" if path.is_dir() else path
    if not diagram.is_file():
        raise Invalid({str(diagram): [Text("没有这个文件", "there is no such file")]})
    files = sorted(path.glob("forms/*.json")) + sorted(path.glob("decisions/*.dmn")) if path.is_dir() else []
    for file in (diagram, *files):
        if file.stat().st_size > MAX_FILE:
            raise Invalid({str(file): [Text("文件超过 10 MB", "the file is larger than 10 MB")]})
    forms: dict[str, dict] = {}
    decisions: dict[str, str] = {}
    for file in files:
        try:
            if file.suffix == ".json":
                forms[file.stem] = json.loads(file.read_text(encoding="utf-8"))
            else:
                decisions[file.stem] = file.read_text(encoding="utf-8")
        except ValueError as error:
            raise Invalid({str(file): [Text(f"读不懂:{error}", f"cannot be read: {error}")]}) from error
    return Package(diagram.read_bytes(), forms, decisions, path.parent.name, path.stem)


def find(root: Path) -> list[Path]:
    """Every package folder below ``root``, in order."""
    return sorted(p.parent for p in root.glob("*/*/process.bpmn"))
