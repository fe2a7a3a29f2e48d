"""``gangze audit draw``: recompute the draws of a case."""
from __future__ import annotations

import os
import sys

import click

from ..errors import NotFound
from ..kernel.text import Text
from ..trail.cli import audit

__all__ = ["audit"]


def _say(text: Text) -> str:
    return text.to("zh" if os.environ.get("LANG", "").startswith("zh") else "en")


@audit.command("draw")
@click.argument("case")
def draw(case: str) -> None:
    """Recompute every draw of CASE (its number or id) and say what holds. Exit 1: something does not."""
    from . import draws, queries

    try:
        case_id = queries.by_number(case)
    except NotFound as missing:
        if not (case.isascii() and case.isdigit() and len(case) < 19):
            raise click.ClickException(_say(missing.text)) from missing
        case_id = int(case)
    report = draws.check(case_id)
    for drawn in report.draws:
        click.echo(_say(Text(
            f"第 {drawn.seq} 条：{drawn.node} 第 {drawn.round} 次抽取，{len(drawn.drawn.candidates)} 人中抽中 "
            f"{drawn.drawn.result}，种子 {drawn.drawn.seed}，承诺见第 {drawn.committed or '?'} 条",
            f"entry {drawn.seq}: {drawn.node}, draw {drawn.round}: {drawn.drawn.result} of "
            f"{len(drawn.drawn.candidates)}, seed {drawn.drawn.seed}, committed to by entry {drawn.committed or '?'}",
        )))
        for one in drawn.ranked:
            click.echo(f"  {one.digest}  {one.number}  {one.name}".rstrip())
        for fault in drawn.faults:
            click.echo("  " + _say(Text("不成立：", "does not hold: ")) + _say(fault), err=True)
    for fault in report.faults:
        click.echo(_say(fault), err=True)
    if not report.draws:
        click.echo(_say(Text("这个办件没有抽取。", "Nothing was drawn in this case.")))
    elif report.holds:
        click.echo(_say(Text("全部复核无误。", "Every draw holds.")))
    if not report.holds:
        sys.exit(1)
