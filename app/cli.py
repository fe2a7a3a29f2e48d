"""``gangze``: everything a machine's keeper does from a shell."""
from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup, FlaskGroup
from flask_migrate.cli import db as migrations

from .cases.cli import audit
from .change import Actor
from .errors import GangzeError, Invalid, NotFound
from .extensions import db
from .kernel.bpmn.model import Finding
from .kernel.text import Text
from .kernel.values import plain, timestamp


def say(text: Text) -> str:
    """A message in the language of the shell."""
    return text.to("zh" if os.environ.get("LANG", "").startswith("zh") else "en")


class Group(FlaskGroup):
    """The command line; an error of ours is one sentence and exit code 1, never a traceback.

    Its commands are those of this file: an application is made only by those that need one.
    """

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return click.Group.get_command(self, ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return click.Group.list_commands(self, ctx)

    def main(self, *arguments: Any, **named: Any) -> Any:
        try:
            return super().main(*arguments, **named)
        except GangzeError as error:
            _complain(error)
        except db.exc.OperationalError as error:
            click.echo(say(Text(
                f"存储不可用：{error.orig}。先运行 gangze db upgrade?",
                f"The store cannot be used: {error.orig}. Has gangze db upgrade been run?",
            )), err=True)
        sys.exit(1)


def _complain(error: GangzeError, where: str = "") -> None:
    """An error of ours on the standard error, each field on a line."""
    click.echo(f"{where}: {say(error.text)}" if where else say(error.text), err=True)
    if isinstance(error, Invalid):
        for field, texts in error.errors.items():
            for text in texts:
                click.echo(f"  {field or '-'}: {say(text)}", err=True)


def _create_app() -> Flask:
    from . import create_app

    return create_app()


@click.group(cls=Group, create_app=_create_app, add_default_commands=False, add_version_option=False, set_debug_flag=False)
def main() -> None:
    """Gangze 岗责: the workflow engine for offices whose power must be kept honest."""


# -- serving ------------------------------------------------------------------------------------------------------------

@main.command("serve", with_appcontext=False)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def serve(host: str, port: int) -> None:
    """Web and worker together, on one machine."""
    from . import serving

    if not serving.port_is_free(host, port):
        click.echo(say(Text(
            f"端口 {port} 已被占用，请换一个：PORT={port + 1} make run",
            f"Port {port} is taken; choose another: PORT={port + 1} make run",
        )), err=True)
        sys.exit(1)
    stop = say(Text("按 Ctrl-C 停止", "Ctrl-C stops it"))
    click.echo(f"Gangze 岗责: http://{host}:{port}  ({stop})")
    sys.exit(serving.both(host, port))


@main.command("web", with_appcontext=False)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
def web(host: str, port: int, workers: int) -> None:
    """Pages and API only."""
    from . import serving

    serving.web(host, port, workers)


@main.command("worker", with_appcontext=False)
def worker() -> None:
    """Jobs, timers and the log only."""
    from . import serving

    serving.worker()


# -- people -------------------------------------------------------------------------------------------------------------

user = AppGroup("user", help="Accounts.")


@user.command("add")
@click.argument("username")
@click.option("--person", "number", required=True, help="staff number of the person whose account it is")
@click.option("--role", type=click.Choice(["none", "system_admin", "security_admin", "audit_admin"]), default="none",
              show_default=True)
@click.password_option()
def user_add(username: str, number: str, role: str, password: str) -> None:
    """Give a person an account. A person has one, and an administrator holds no business post."""
    from .accounts import actions
    from .organisation import queries as organisation

    person = organisation.person_by_number(number)
    actions.add(username=username, person_id=person.id, password=password, role=role, actor=Actor.system("cli"))
    click.echo(say(Text(f"已添加账号 {username}({person.name})", f"{username}: added for {person.name}")))


@user.command("set-password")
@click.argument("username")
@click.password_option()
def user_set_password(username: str, password: str) -> None:
    """Give an account a new password. Its sessions and tokens end."""
    from .accounts import actions, queries

    account = queries.account_of(username)
    if account is None:
        raise NotFound(Text(f"没有账号 {username}", f"there is no account {username}"))
    actions.set_password(account.id, password=password, actor=Actor.system("cli"))
    click.echo(say(Text(f"已更改 {username} 的密码", f"{username}: password changed")))


_MADE = {
    "departments": "部门", "posts": "岗位", "people": "人员", "accounts": "账号", "parties": "当事人",
    "budget lines": "预算科目", "processes": "流程",
}
demo = AppGroup("demo", help="The demonstration bureau.")


@demo.command("load")
@click.option("--if-empty", is_flag=True, help="do nothing where there are people already")
def demo_load(if_empty: bool) -> None:
    """Fill an empty store with a county tax bureau: its people, posts, budget, taxpayers and processes."""
    from . import demonstration

    if if_empty and demonstration.loaded():
        return
    counts = demonstration.load(actor=Actor.system("demo"))
    click.echo(", ".join(say(Text(f"{_MADE.get(what, what)} {n}", f"{n} {what}")) for what, n in counts.items()))


# -- definitions --------------------------------------------------------------------------------------------------------

@main.command("check", with_appcontext=False)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def check(files: tuple[Path, ...], form: str) -> None:
    """Say whether diagrams can be deployed, and if not, why: exit 0 deployable, 1 findings, 2 unreadable.

    A file is a diagram or the folder of a package. Neither an application nor a database is needed.
    """
    from . import handling
    from .definitions import examining, packages

    handling.load()
    worst, reports = 0, []
    for file in files:
        try:
            document, findings = examining.look(packages.read(file))
        except Invalid as error:
            document, findings = None, _unreadable(error)
        bad = any(f.severity == "error" for f in findings)
        worst = max(worst, 2 if document is None else 1 if bad else 0)
        shown = click.format_filename(file)
        reports.append({
            "file": shown, "deployable": document is not None and not bad, "readable": document is not None,
            "findings": [_finding(f) for f in findings],
        })
        if form == "text":
            verdict = (
                Text("读不懂", "unreadable") if document is None else
                Text("不能部署", "NOT deployable") if bad else Text("可以部署", "deployable")
            )
            click.echo(f"{shown}: {say(verdict)}")
            _list(findings)
    if form == "json":
        click.echo(json.dumps(reports, ensure_ascii=False, indent=2).encode(errors="replace"))
    sys.exit(worst)


def _unreadable(error: Invalid) -> list[Finding]:
    return [Finding("error", "file.unreadable", None, text) for texts in error.errors.values() for text in texts]


def _list(findings: Iterable[Finding], err: bool = False) -> None:
    """Findings, a line each."""
    severities = {"error": Text("错误", "error"), "warning": Text("提醒", "warning"), "info": Text("说明", "info")}
    for f in findings:
        name = f" ({' '.join(f.name.split())})" if f.name else ""
        line = say(Text(f" 第 {f.line} 行", f" line {f.line}")) if f.line else ""
        where = f"{f.element or '-'}{name}{line}"
        said = f"  {say(severities[f.severity])} {f.rule}: {where}: {' '.join(say(f.message).split())}"
        click.echo(said.encode(errors="replace"), err=err)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity, "rule": finding.rule, "element": finding.element, "name": finding.name,
        "line": finding.line, "message": finding.message._asdict(),
        "repair": finding.repair._asdict() if finding.repair else None,
    }


@main.command("deploy")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
def deploy(paths: Iterable[Path]) -> None:
    """Store packages as drafts. A second person activates them."""
    from .definitions import actions, packages

    failed = False
    for path in paths:
        folder = path.is_dir() and not (path / packages.DIAGRAM).is_file()
        found = packages.find(path) if folder else [path]
        if not found:
            click.echo(say(Text(f"{path}:没有流程包", f"{path}: there is no process package")), err=True)
            failed = True
        for package in found:
            try:
                key = actions.deploy(packages.read(package), actor=Actor.system("cli"))
            except Invalid as error:
                _complain(error, click.format_filename(package))
                failed = True
            else:
                click.echo(say(Text(f"{package}:流程定义 {key}", f"{package}: definition {key}")))
    sys.exit(1 if failed else 0)


@main.command("simulate", with_appcontext=False)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--scenario", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def simulate(file: Path, scenario: Path | None, form: str) -> None:
    """Run a diagram in memory with given answers, messages, signals and clock; print the trace of its nodes.

    Exit 0: the case ended, or waits; 1: it failed, stands still, or cannot be executed; 2: unreadable. The head of
    app/kernel/engine/simulate.py says what a scenario is.
    """
    from .definitions import examining, packages
    from .kernel.engine import NotPossible
    from .kernel.engine import simulate as engine

    try:
        document, findings = examining.examine(packages.read(file))
    except Invalid as error:
        document, findings = None, _unreadable(error)
    errors = [f for f in findings if f.severity == "error"]
    if document is None or errors:
        _list(errors, err=True)
        sys.exit(2 if document is None else 1)
    process = next(p for p in document.processes.values() if p.executable)
    try:
        given = json.loads(scenario.read_bytes(), parse_float=Decimal) if scenario else {}
        result = engine.simulate(process, given)
    except (OSError, ValueError, ArithmeticError, RecursionError, NotPossible) as error:
        reason = say(error.text) if isinstance(getattr(error, "text", None), Text) else str(error)
        click.echo(say(Text("情景：", "scenario: ")) + reason, err=True)
        sys.exit(2)
    if form == "json":
        click.echo(json.dumps(_told(result), ensure_ascii=False, indent=2))
    else:
        for moment in result.trace:
            click.echo(f"{timestamp(moment.at)}  {moment.fact.transition:<10} {moment.fact.node}")
        if result.open:
            click.echo(say(Text("停留在：", "waits at: ")) + ", ".join(result.open))
        for event in result.unused:
            click.echo(say(Text("没有发生：", "never happened: ")) + json.dumps(plain(event), ensure_ascii=False))
        if result.failure:
            click.echo(result.failure, err=True)
        click.echo(say(Text("结果：", "status: ")) + result.status)
    sys.exit(0 if result.status in ("completed", "terminated", "cancelled", "running") else 1)


def _told(result: Any) -> dict[str, Any]:
    """What came of a scenario, as plain JSON."""
    return {
        "status": result.status, "failure": result.failure, "open": list(result.open),
        "trace": [
            {"at": timestamp(m.at), "node": m.fact.node, "token": m.fact.token, "transition": m.fact.transition,
             "detail": plain(dict(m.fact.detail))} for m in result.trace
        ],
        "data": plain(dict(result.data)),
        "thrown": [
            {"kind": t.kind, "name": t.name, "node": t.node, "data": plain(dict(t.data))} for t in result.thrown
        ],
        "unused": [plain(dict(event)) for event in result.unused],
    }


_MISSING = {
    "matters": Text("没有启用流程的事项", "matters without an active process"),
    "nodes": Text("要素不全的环节", "nodes that lack something"),
    "posts": Text("无人任职的岗位", "posts nobody holds"), "people": Text("没有岗位的人员", "people without a post"),
}


@main.command("coverage")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def coverage(form: str) -> None:
    """Full coverage 全覆盖: what is missing between matter, process, node, post, duty and person; exit 1 where anything."""
    from .definitions import coverage as covering

    missing = covering.missing()
    if form == "json":
        click.echo(json.dumps(missing, ensure_ascii=False, indent=2))
    else:
        for name, rows in missing.items():
            click.echo(f"{say(_MISSING[name])}: {len(rows)}")
            for row in rows:
                click.echo(f"  {row}")
    sys.exit(1 if any(missing.values()) else 0)


@main.command("bench", with_appcontext=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Measure, against peers in the same run (needs a checkout: tests/bench)."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from tests.bench.__main__ import main as run

    sys.exit(run(list(arguments)))


for _group in (user, demo, audit, migrations):
    main.add_command(_group)


def init_app(app: Flask) -> None:
    """Give the groups that need an application to it, too (``flask --app app``)."""
    for group in (user, demo, audit):
        app.cli.add_command(group)


if __name__ == "__main__":
    main()
