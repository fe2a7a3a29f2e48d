"""viewflow 2 (PyPI: django-viewflow) on SQLite: ``python -m tests.bench.viewflow_peer '{"database": …}'``.

A completion is what its own task view does on POST, without HTTP, pages or forms: lock the process, read the task, may
this user, start it, save the process, execute; one durable transaction. Its processes keep every task as a row, so
there is an inbox and a history, but no separation of duties and no trail.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import approval
from ..contest import PRAGMAS, Absent, Meter, serve


def prepare(options: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """``database``: a SQLite file."""
    try:
        import django
        from django.conf import settings
    except ImportError as error:
        raise Absent(f"{error}; install requirements-bench.txt") from error
    settings.configure(
        DATABASES={"default": {
            "ENGINE": "django.db.backends.sqlite3", "NAME": options["database"],
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE", "init_command": ";".join(f"PRAGMA {pragma}" for pragma in PRAGMAS),
            },
        }},
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "viewflow", "viewflow.workflow",
            "tests.bench.viewflow_peer",
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True,
    )
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import transaction
    from viewflow.workflow.models import Task
    from viewflow.workflow.status import PROCESS

    from .flows import ApprovalFlow

    call_command("migrate", verbosity=0)
    users = {node: User.objects.create(username=node) for node in ("apply", "review", "sign")}

    def complete(process_id: int, task_id: int, user: User, answers: dict[str, Any]) -> None:
        with ApprovalFlow.lock(process_id), transaction.atomic():
            task = Task.objects.get(pk=task_id)
            activation = task.flow_task.activation_class(task)
            if not activation.start.has_perm(user):
                raise PermissionError(user)
            activation.start(None)
            activation.process.data.update(answers)
            activation.process.save()
            activation.execute()

    def round(cases: int) -> dict[str, float]:
        meter = Meter()
        for _ in range(cases):
            process = ApprovalFlow.start.run()
            for done in approval.STORY:
                task = Task.objects.get(process=process, finished__isnull=True)
                assert task.flow_task.name == done.node
                user = users[done.node]
                with transaction.atomic():
                    task.flow_task.activation_class(task).assign(user)
                with meter():
                    complete(process.pk, task.pk, user, done.flat())
            process.refresh_from_db()
            assert process.status == PROCESS.DONE, "the story did not end its case"
        return meter.result()

    return {"round": round}


if __name__ == "__main__":
    serve(prepare)
