"""``gangze``: everything a machine's keeper does from a shell."""
from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup, FlaskGroup, with_appcontext

from .change import Actor
from .errors import GangzeError, Invalid
from .kernel.bpmn.model import Finding
from .kernel.text import Text

LANGUAGE = "zh" if os.environ.get("LANG", "").startswith("zh") else "en"


def say(text: Text) -> str:
    """A message in the language of the shell."""
    return text.to(LANGUAGE)


class Group(FlaskGroup):
    """The command line; an error of ours is one sentence and exit code 1, never a traceback."""

    def main(self, *arguments: Any, **named: Any) -> Any:
        try:
            return super().main(*arguments, **named)
        except GangzeError as error:
            click.echo(say(error.text), err=True)
            if isinstance(error, Invalid):
                for where, texts in error.errors.items():
                    for text in texts:
                        click.echo(f"  {where or '-'}: {say(text)}", err=True)
            sys.exit(1)


def _create_app() -> Flask:
    from . import create_app

    return create_app()


@click.group(cls=Group, create_app=_create_app, add_default_commands=False, add_version_option=False)
def main() -> None:
    """Gangze 岗责: the workflow engine for offices whose power must be kept honest."""


# -- serving ------------------------------------------------------------------------------------------------------------

@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def serve(host: str, port: int) -> None:
    """Web and worker together, on one machine."""
    from . import serving

    if not serving.port_is_free(host, port):
        click.echo(f"Port {port} is taken; choose another: PORT={port + 1} make run", err=True)
        sys.exit(1)
    click.echo(f"Gangze 岗责: http://{host}:{port}  (Ctrl-C stops it)")
    sys.exit(serving.both(host, port))


@main.command("web")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
def web(host: str, port: int, workers: int) -> None:
    """Pages and API only."""
    from . import serving

    serving.web(host, port, workers)


@main.command("worker")
def worker() -> None:
    """Jobs, timers and the log only."""
    from . import serving

    serving.worker()


# -- people -------------------------------------------------------------------------------------------------------------

user = AppGroup("user", help="Accounts.")


@user.command("add")
@click.argument("username")
@click.option("--person", "number", help="staff number of the person; none for an administrator's account")
@click.option("--role", type=click.Choice(["system_admin", "security_admin", "audit_admin"]))
@click.password_option()
def user_add(username: str, number: str | None, role: str | None, password: str) -> None:
    """Give a person (or an administrator) an account."""
    from .accounts import actions
    from .organisation import queries as organisation

    person = organisation.person_by_number(number).id if number else None
    actions.add(username=username, person_id=person, password=password, role=role, actor=Actor.system("cli"))
    click.echo(f"{username}: added")


@user.command("set-password")
@click.argument("username")
@click.password_option()
def user_set_password(username: str, password: str) -> None:
    """Give an account a new password."""
    from .accounts import actions

    actions.set_password(username=username, password=password, actor=Actor.system("cli"))
    click.echo(f"{username}: password changed")


demo = AppGroup("demo", help="The demonstration bureau.")


@demo.command("load")
@click.option("--if-empty", is_flag=True, help="do nothing where there are people already")
def demo_load(if_empty: bool) -> None:
    """Fill an empty store with a county tax bureau: its people, posts, budget, taxpayers and processes."""
    from . import demonstration

    if if_empty and demonstration.loaded():
        return
    counts = demonstration.load(actor=Actor.system("demo"))
    click.echo(", ".join(f"{count} {what}" for what, count in counts.items()))


# -- definitions --------------------------------------------------------------------------------------------------------

@main.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def check(files: tuple[Path, ...], form: str) -> None:
    """Say whether diagrams can be deployed, and if not, why: exit 0 deployable, 1 findings, 2 unreadable."""
    from .definitions import actions, packages

    worst, reports = 0, []
    for file in files:
        try:
            package = packages.read(file)
            document, findings = actions.examine(package)
        except Invalid as error:
            document = None
            findings = [
                Finding("error", "file.unreadable", None, text) for texts in error.errors.values() for text in texts
            ]
        bad = any(f.severity == "error" for f in findings)
        worst = max(worst, 2 if document is None else 1 if bad else 0)
        reports.append({
            "file": str(file), "deployable": document is not None and not bad, "readable": document is not None,
            "findings": [_finding(f) for f in findings],
        })
        if form == "text":
            click.echo(f"{file}: {'deployable' if not bad and document else 'NOT deployable'}")
            for f in findings:
                where = f"{f.element or '-'}{f' ({f.name})' if f.name else ''}{f' line {f.line}' if f.line else ''}"
                click.echo(f"  {f.severity} {f.rule} at {where}: {say(f.message)}")
    if form == "json":
        click.echo(json.dumps(reports, ensure_ascii=False, indent=2))
    sys.exit(worst)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity, "rule": finding.rule, "element": finding.element, "name": finding.name,
        "line": finding.line, "message": finding.message._asdict(),
        "repair": finding.repair._asdict() if finding.repair else None,
    }


@main.command("deploy")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@with_appcontext
def deploy(paths: Iterable[Path]) -> None:
    """Store packages as drafts. A second person activates them."""
    from .definitions import actions, packages

    for path in paths:
        found = [path] if path.is_file() or (path / "process.bpmn").is_file() else packages.find(path)
        for folder in found:
            click.echo(f"{folder}: definition {actions.deploy(packages.read(folder), actor=Actor.system('cli'))}")


@main.command("simulate")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--scenario", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def simulate(file: Path, scenario: Path | None, form: str) -> None:
    """Run a diagram in memory with given answers, messages, signals and clock; print the trace of its nodes."""
    from .definitions import actions, packages
    from .kernel.engine import simulate as simulation

    document, findings = actions.examine(packages.read(file))
    errors = [f for f in findings if f.severity == "error"]
    if document is None or errors:
        for f in errors:
            click.echo(f"{f.rule} at {f.element or '-'}: {say(f.message)}", err=True)
        sys.exit(2 if document is None else 1)
    process = next(p for p in document.processes.values() if p.executable)
    try:
        given = json.loads(scenario.read_text(encoding="utf-8")) if scenario else {}
        result = simulation.run(process, given)
    except (ValueError, simulation.BadScenario) as error:
        click.echo(f"scenario: {error}", err=True)
        sys.exit(2)
    if form == "json":
        click.echo(json.dumps(simulation.as_json(result), ensure_ascii=False, indent=2))
    else:
        for fact in result.facts:
            click.echo(f"{fact.transition:<10} {fact.node}")
        click.echo(f"status: {result.status}")
    sys.exit(0 if result.status in ("completed", "terminated", "running") else 1)


@main.command("coverage")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@with_appcontext
def coverage(form: str) -> None:
    """Full coverage 全覆盖: what is missing between matter, process, node, post, duty and person; exit 1 where anything."""
    from .definitions import coverage as covering

    missing = covering.missing()
    if form == "json":
        click.echo(json.dumps(missing, ensure_ascii=False, indent=2))
    else:
        for name, rows in missing.items():
            click.echo(f"{name}: {len(rows)}")
            for row in rows:
                click.echo(f"  {row}")
    sys.exit(1 if any(missing.values()) else 0)


@main.command("bench", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Measure, against peers in the same run (needs a checkout: tests/bench)."""
    from tests.bench.__main__ import main as run

    sys.exit(run(list(arguments)))


def init_app(app: Flask) -> None:
    """Add the groups that belong to an application."""
    from .trail.cli import audit

    for group in (user, demo, audit):
        app.cli.add_command(group)


if __name__ == "__main__":
    main()
