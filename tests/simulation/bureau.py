"""The demonstration bureau and the packages of processes/, as the gate sees them on a working day."""
from __future__ import annotations

import tempfile
import tomllib
from decimal import Decimal
from pathlib import Path

from app.definitions import packages
from app.definitions.queries import compile_meaning
from app.kernel.bpmn import reader
from app.kernel.values import normalise

from .cases import World


def load(home: Path | None = None) -> World:
    """Build the demonstration bureau through the actions, or read the one in ``home``."""
    from app import demonstration
    from app.change import Actor
    from app.extensions import db
    from app.organisation import queries as organisation
    from app.parameters import queries as parameters
    from app.parties.models import Party
    from app.registers import today
    from tests.conftest import ROOT, make_app

    folder = home or Path(tempfile.mkdtemp(prefix="gangze-simulation-"))
    app = make_app(folder, DEMO=True)
    with app.app_context():
        if home is None:
            db.create_all()
            demonstration.load(actor=Actor.system("simulation"))
        office = organisation.office(today())
        param = parameters.names_on(today())
        parties = [f"party:{key}" for key in db.session.scalars(db.select(Party.id))]
        codes = {p.code: p.code for p in organisation.posts()}
        db.session.remove()
        db.engine.dispose()
    meanings, starts = [], {}
    for path in packages.find(ROOT / "processes"):
        package = packages.read(path)
        process = next(p for p in reader.read(package.source).processes.values() if p.executable)
        meanings.append(compile_meaning(
            package.source, package.forms, package.decisions, key=process.id, posts=codes, matter=process.matter or "",
        ))
        golden = tomllib.loads((path / "cases.toml").read_text(encoding="utf-8"), parse_float=Decimal)
        starts[process.id] = normalise(golden.get("start", {}))
    return World(office, meanings, parties, starts, param)
