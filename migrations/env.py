"""Alembic's way in: the application's own engine and models."""
from __future__ import annotations

from alembic import context
from flask import current_app

db = current_app.extensions["migrate"].db


def run() -> None:
    """Bring the store to a revision, in one transaction where the database can."""
    with db.engine.connect().execution_options(gangze_write=True) as connection:
        context.configure(
            connection=connection, target_metadata=db.metadata, render_as_batch=connection.dialect.name == "sqlite",
            transaction_per_migration=True, compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
