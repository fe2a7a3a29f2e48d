"""Starting and stopping: the web, the worker, or both together on one machine."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

#: Seconds a child gets to finish what it does before it is ended.
GRACE = 15


def web(host: str, port: int, workers: int = 2) -> None:
    """Serve the pages and the API until stopped: gunicorn, or waitress where there is no fork."""
    from . import create_app

    app = create_app()
    if os.name != "posix":
        import waitress

        waitress.serve(app, host=host, port=port, threads=8)
        return
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for key, value in {
                "bind": f"{host}:{port}", "workers": workers, "threads": 4, "worker_class": "gthread",
                "graceful_timeout": GRACE, "timeout": 60, "proc_name": "gangze-web", "loglevel": "warning",
                "control_socket_disable": True,
            }.items():
                if key in self.cfg.settings:
                    self.cfg.set(key, value)

        def load(self) -> object:
            return app

    Server().run()


def worker() -> None:
    """Run jobs, timers and the log's sequencer until stopped."""
    from . import create_app, jobs

    app = create_app()
    jobs.bind(app)
    jobs.celery.worker_main(["worker", "--beat", "--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"])


def both(host: str, port: int) -> int:
    """The whole house on one machine: web and worker, started and stopped together.

    Returns:
        The exit code: 0 after a stop that was asked for, else that of the part that ended by itself.
    """
    command = [sys.executable, "-m", "app.cli"]
    children = [
        subprocess.Popen([*command, "web", "--host", host, "--port", str(port)]),
        subprocess.Popen([*command, "worker"]),
    ]
    asked = False

    def stop(number: int, frame: object) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not asked and all(child.poll() is None for child in children):
        time.sleep(0.2)
    code = 0 if asked else next((c.returncode for c in children if c.returncode is not None), 1)
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + GRACE
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
    return code


def port_is_free(host: str, port: int) -> bool:
    """Whether somebody already listens there."""
    import socket

    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) != 0


