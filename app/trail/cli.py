"""``gangze audit``: verify the trail, take it away."""
from __future__ import annotations

import getpass
import os
import sys
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import AppGroup

from ..change import Actor
from ..kernel.text import Text
from . import actions, exports, keys, queries
from .evidence import verify as evidence

audit = AppGroup("audit", help="The trail: verify it, export it.")


def _say(text: Text) -> str:
    return text.to("zh" if os.environ.get("LANG", "").startswith("zh") else "en")


@audit.command("verify")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--key", help="evidence file: the log's public key, or a file that holds it; this office's own unless given")
@click.option("--quiet", is_flag=True, help="no progress")
def verify(file: Path | None, key: str | None, quiet: bool) -> None:
    """Compute the whole trail anew, or verify an evidence FILE. Exit 0: nothing was changed; 1: the first fault is named."""
    if file is not None:
        _verify_file(file, key)
        return
    shown = sys.stderr.isatty() and not quiet

    def progress(done: int, total: int) -> None:
        if shown:
            click.echo(f"\r{done:,} / {total:,}", err=True, nl=False)

    report = queries.verify(progress)
    if shown:
        click.echo("", err=True)
    click.echo(_say(Text(
        f"记录 {report.entries} 条，链 {report.chains} 条，日志 {report.logged} 条，待入日志 {report.pending} 条，"
        f"检查点 {report.checkpoints} 个(最后一个覆盖 {report.signed} 条)",
        f"{report.entries} entries in {report.chains} chains, {report.logged} in the log, {report.pending} waiting for "
        f"it, {report.checkpoints} checkpoints (the last covers {report.signed})",
    )))
    if report.ok:
        click.echo(_say(Text(f"完好。日志根 {report.root.hex()}", f"Intact. Root of the log: {report.root.hex()}")))
        return
    for number, fault in enumerate(report.faults):
        prefix = _say(Text("首个问题：", "First: ")) if number == 0 else "  "
        click.echo(prefix + _say(fault.line()), err=True)
    left = report.found - len(report.faults)
    if left:
        click.echo(_say(Text(f"  以及另外 {left} 处", f"  and {left} more")), err=True)
    sys.exit(1)


def _verify_file(file: Path, key: str | None) -> None:
    """The same code as in the file itself; only the key is better known here."""
    try:
        key = str(queries.log_key()) if key is None else key
    except keys.NoKey:
        key = None  # an auditor's machine that has no log of its own: verify.py says what that leaves open
    sys.exit(evidence.main([str(file), "--lang", _say(Text("zh", "en")), *(["--key", key] if key else [])]))


@audit.command("export")
@click.option("--format", "form", type=click.Choice(list(exports.FORMATS)), required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False, writable=True), required=True)
@click.option("--case", type=int, help="id of a case")
@click.option("--process", help="key of a process")
@click.option("--person", type=int, help="id of the person who acted")
@click.option("--what", multiple=True, help="kind of entry, work_item.completed or work_item; may be repeated")
@click.option("--since", help="from this day (2026-01-31) or moment (2026-01-31T08:00) on, in the office's zone")
@click.option("--until", help="up to this moment, or to the end of this day")
def export(form: str, out: Path, since: str | None, until: str | None, **asked: Any) -> None:
    """Write entries to a file, and the export itself to the trail."""
    filters = {
        **{name: value for name, value in asked.items() if value},
        "since": _moment(since, "--since", end=False), "until": _moment(until, "--until", end=True),
    }
    filters = {name: value for name, value in filters.items() if value is not None}
    actor = Actor(name=getpass.getuser(), machine="cli")
    try:
        count = actions.export(form, out, actor=actor, **filters)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or error}") from error
    click.echo(_say(Text(f"{out}:{count} 条", f"{out}: {count}")))


def _moment(given: str | None, option: str, *, end: bool) -> datetime | None:
    """A day or a moment as somebody types it; a day as an end means all of it."""
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise click.BadParameter(f"{given} is not a date or time", param_hint=option) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(current_app.config.get("GANGZE_ZONE", "Asia/Shanghai")))
    if end and len(given) == 10 and moment.time() == time():
        moment += timedelta(days=1)
    return moment
