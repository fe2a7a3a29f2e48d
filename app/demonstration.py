"""The demonstration bureau as a whole: its organisation and people, its budget, its processes. Through the actions."""
from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select

from . import clock, demo
from .change import Actor
from .definitions import actions as definitions
from .definitions import packages
from .errors import Conflict
from .extensions import db
from .kernel.text import Text
from .office import actions as office
from .organisation.models import Person

#: This year's budget lines: code, names, yuan.
BUDGET = (
    ("30201", "办公费", "Office supplies", "186000"), ("30211", "差旅费", "Travel", "240000"),
    ("30213", "维修(护)费", "Repairs", "320000"), ("30215", "会议费", "Meetings", "60000"),
    ("30216", "培训费", "Training", "96000"), ("30217", "公务接待费", "Reception", "42000"),
    ("30226", "劳务费", "Services of persons", "88000"), ("30231", "公务用车运行维护费", "Vehicles", "150000"),
    ("30299", "其他商品和服务支出", "Other goods and services", "120000"), ("31002", "办公设备购置", "Equipment", "450000"),
)


def loaded() -> bool:
    """Whether there is anybody already."""
    return bool(db.session.scalar(select(func.count()).select_from(Person)))


def load(*, actor: Actor) -> dict[str, int]:
    """Fill an empty store.

    Returns:
        How many of what was made.

    Raises:
        Conflict: the store is not empty.
    """
    if loaded():
        raise Conflict(Text("已有数据，演示局不再装入。", "There is data already; the demonstration is not loaded again."))
    made = dict(demo.load(actor=actor))
    for code, zh, en, amount in BUDGET:
        office.set_budget(code, clock.now().year, zh=zh, en=en, amount=Decimal(amount), actor=actor)
    made["budget lines"] = len(BUDGET)
    made["processes"] = 0
    for path in packages.find(_processes()):
        definitions.activate(definitions.deploy(packages.read(path), actor=actor), actor=actor)
        made["processes"] += 1
    return made


def _processes() -> Path:
    given: Path = current_app.config["GANGZE_PROCESSES"]
    return given if given.is_absolute() else Path(__file__).resolve().parent.parent / given
