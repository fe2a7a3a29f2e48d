"""Alembic's way in: the application's own engine and models."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import DateTime, String, TypeDecorator

from app.extensions import begin_writing

db = current_app.extensions["migrate"].db


def _plain_type(kind: str, item: object, autogen_context: object) -> str | bool:
    """Our own column types as what the database sees: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, TypeDecorator):
        impl = item.impl_instance
        if isinstance(impl, String):
            return f"sa.String(length={impl.length})"
        if isinstance(impl, DateTime):
            return "sa.DateTime(timezone=True)"
        return f"sa.{type(impl).__name__}()"
    return False


def run() -> None:
    """Bring the store to a revision, in one transaction where the database can."""
    with db.engine.connect() as connection:
        begin_writing(connection)
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            transaction_per_migration=True,
            compare_type=True,
            render_item=_plain_type,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()  # the transaction is ours, so alembic leaves its end to us


run()
