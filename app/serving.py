"""Starting and stopping: the web, the worker, or both together on one machine."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

#: Seconds a child gets to finish what it does before it is ended.
GRACE = 15
#: A part may end this often within this many seconds before ``serve`` gives up.
RESTARTS, WINDOW = 3, 60.0


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
    jobs.celery.worker_main(["--quiet", "worker", "--beat", "--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"])


def both(host: str, port: int) -> int:
    """The whole house on one machine: web and worker, started and stopped together.

    A part that ends by itself is started again, unless it keeps ending.

    Returns:
        The exit code: 0 after a stop that was asked for, 1 where a part would not stay up.
    """
    command = [sys.executable, "-m", "app.cli"]
    parts = {
        "web": [*command, "web", "--host", host, "--port", str(port)],
        "worker": [*command, "worker"],
    }
    running = {name: subprocess.Popen(line) for name, line in parts.items()}
    ended: dict[str, list[float]] = {name: [] for name in parts}
    asked = False

    def stop(number: int, frame: object) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    code = 0
    while not asked and not code:
        time.sleep(0.2)
        for name, child in running.items():
            if child.poll() is None or asked:
                continue
            now = time.monotonic()
            ended[name] = [*(moment for moment in ended[name] if now - moment < WINDOW), now]
            if len(ended[name]) > RESTARTS:
                print(f"gangze {name} keeps ending (exit code {child.returncode}); giving up", file=sys.stderr)
                code = 1
                break
            print(f"gangze {name} ended (exit code {child.returncode}); starting it again", file=sys.stderr)
            running[name] = subprocess.Popen(parts[name])
    for child in running.values():
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + GRACE
    for child in running.values():
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


