"""Nothing in the program uses names that Windows lacks, unless it asks first. No test here runs on Windows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from processes import ROOT

#: What the documentation of Python says is there on Unix alone, of the modules that a program like this may use.
LACKING: dict[str, str] = {
    "os": """
        chown chroot confstr confstr_names copy_file_range ctermid eventfd fchdir fchmod fchown fdatasync fork forkpty
        fpathconf fstatvfs getegid geteuid getgid getgrouplist getgroups getloadavg getpgid getpgrp getpriority
        getrandom getresgid getresuid getsid getuid getxattr initgroups killpg lchmod lchown listxattr lockf major
        makedev memfd_create minor mkfifo mknod nice openpty pathconf pidfd_open pipe2 posix_fadvise posix_fallocate
        posix_openpt posix_spawn posix_spawnp pread preadv pwrite pwritev readv register_at_fork removexattr
        sched_getaffinity sched_setaffinity sched_yield sendfile setegid seteuid setgid setgroups setpgid setpriority
        setregid setresgid setresuid setreuid setsid setuid setxattr splice statvfs sync sysconf sysconf_names
        tcgetpgrp tcsetpgrp ttyname uname unshare wait wait3 wait4 waitid writev O_ASYNC O_CLOEXEC O_DIRECT O_DIRECTORY
        O_DSYNC O_NDELAY O_NOATIME O_NOCTTY O_NOFOLLOW O_NONBLOCK O_PATH O_RSYNC O_SYNC O_TMPFILE WNOHANG WIFEXITED
        WEXITSTATUS WIFSIGNALED WTERMSIG EX_OK EX_USAGE F_LOCK F_TLOCK F_ULOCK P_ALL P_PID PRIO_PROCESS RTLD_NOW
        SCHED_OTHER
    """,
    "signal": """
        SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE SIGPROF SIGQUIT SIGSTOP SIGSYS SIGTRAP SIGTSTP
        SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIG_BLOCK SIG_SETMASK SIG_UNBLOCK
        ITIMER_REAL alarm getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending sigtimedwait
        sigwait sigwaitinfo
    """,
    "time": "clock_getres clock_gettime clock_settime pthread_getcpuclockid tzset",
    "socket": "AF_UNIX sethostname recvmsg sendmsg",
    "select": "poll epoll kqueue devpoll",
}
#: Modules that are not there, and options of processes that are an error.
MODULES = ("crypt", "curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
OPTIONS = ("preexec_fn", "pass_fds", "extra_groups", "process_group")


def unguarded(code: str) -> list[str]:
    """Names that Windows lacks and the code does not ask for first: by ``hasattr``, by the system, or by trying."""
    found: list[str] = []
    _look(ast.parse(code), (), found)
    return found


def _look(node: ast.AST, around: tuple[ast.AST, ...], found: list[str]) -> None:
    for name in _lacking(node):
        if not any(_asks(outer) for outer in around):
            found.append(name)
    for child in ast.iter_child_nodes(node):
        _look(child, (*around, node), found)


def _lacking(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return [f"{node.value.id}.{node.attr}"] if node.attr in LACKING.get(node.value.id, "").split() else []
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name in MODULES]
    if isinstance(node, ast.ImportFrom) and node.module in MODULES:
        return [node.module]
    if isinstance(node, ast.ImportFrom) and node.module in LACKING:
        return [a.name for a in node.names if a.name in LACKING[node.module].split()]
    if isinstance(node, ast.Call):
        return [str(keyword.arg) for keyword in node.keywords if keyword.arg in OPTIONS]
    return []


def _asks(node: ast.AST) -> bool:
    """Whether what stands in this node is looked at only where the system has it."""
    if isinstance(node, ast.Try):
        caught = {
            name for handler in node.handlers for name in ast.unparse(handler.type or ast.Name("Exception")).split()
        }
        return bool({word.strip("(),") for word in caught} & {"AttributeError", "ImportError", "Exception"})
    if isinstance(node, ast.If | ast.IfExp):
        tests = [node.test]
    elif isinstance(node, ast.BoolOp):
        tests = node.values[:-1]
    else:
        return False
    return any(word in ast.unparse(test) for test in tests for word in ("hasattr(", "os.name", "sys.platform"))


@pytest.mark.parametrize("path", sorted((ROOT / "sim").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_program_uses_nothing_that_windows_lacks_without_asking(path: Path) -> None:
    assert not unguarded(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import signal\nsignal.SIGKILL", ["signal.SIGKILL"]),
        ("from signal import SIGHUP, SIGINT", ["SIGHUP"]),
        ("import fcntl", ["fcntl"]),
        ("def f():\n  from resource import getrlimit", ["resource"]),
        ("os.getuid() + os.getpid()", ["os.getuid"]),
        ("try:\n  os.sysconf('x')\nexcept OSError:\n  pass", ["os.sysconf"]),
        ("subprocess.Popen(c, preexec_fn=f)", ["preexec_fn"]),
        ("if cold:\n  os.fork()", ["os.fork"]),
        ("getattr(signal, 'SIGKILL', signal.SIGTERM)", []),
        ("if hasattr(os, 'fork'):\n  os.fork()", []),
        ("os.getuid() if os.name == 'posix' else 0", []),
        ("mine = not hasattr(os, 'geteuid') or os.geteuid() == owner", []),
        ("try:\n  import resource\nexcept ImportError:\n  pass", []),
        ("try:\n  os.sysconf('x')\nexcept (ValueError, AttributeError):\n  pass", []),
        ("if sys.platform != 'win32':\n  import fcntl", []),
    ],
)
def test_the_look_finds_them(code: str, expected: list[str]) -> None:
    assert unguarded(code) == expected
