"""The system call filter of the systemd unit, laid on a process of a test by libseccomp: what the unit would refuse kills the process."""
import ctypes
import re
import socket
import subprocess

KILL, ALLOW = 0x80000000, 0x7FFF0000
EQUAL, MASKED_EQUAL = 4, 7
WRITE_EXECUTE, EXECUTE = 6, 4       # PROT_WRITE | PROT_EXEC, PROT_EXEC


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operation", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def settings(unit, name):
    """All values of a setting of a unit file."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)


def calls_of(group):
    """The system calls of a group of systemd (`@system-service`), or of one call."""
    if not group.startswith("@"):
        return {group}
    printed = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, text=True, check=True).stdout
    names = [line.strip() for line in printed.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*(calls_of(name) for name in names))


def allowed_calls(unit):
    allowed = set()
    for line in settings(unit, "SystemCallFilter"):
        for word in line.removeprefix("~").split():
            allowed = allowed - calls_of(word) if line.startswith("~") else allowed | calls_of(word)
    return allowed


class Filter:
    """`Filter(unit).install()` in the child, before it becomes the program under test."""

    def __init__(self, unit):
        self.calls = sorted(allowed_calls(unit))
        self.families = [getattr(socket, family) for family in settings(unit, "RestrictAddressFamilies")[0].split()]
        self.denies_write_execute = settings(unit, "MemoryDenyWriteExecute") == ["yes"]
        self.library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.library.seccomp_init.restype = ctypes.c_void_p

    def rules(self, call):
        """Of each rule the comparisons of arguments that all must hold."""
        if call == "socket":
            return [[Comparison(0, EQUAL, family, 0)] for family in self.families]
        if call == "mmap" and self.denies_write_execute:
            return [[Comparison(2, MASKED_EQUAL, WRITE_EXECUTE, kind)] for kind in (0, 2, 4)]
        if call in ("mprotect", "pkey_mprotect") and self.denies_write_execute:
            return [[Comparison(2, MASKED_EQUAL, EXECUTE, 0)]]
        return [[]]

    def install(self):
        context = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(KILL)))
        for call in self.calls:
            number = self.library.seccomp_syscall_resolve_name(call.encode())
            if number < 0:
                continue        # not on this machine
            for rule in self.rules(call):
                comparisons = (Comparison * max(len(rule), 1))(*rule)
                done = self.library.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, len(rule), comparisons)
                assert done == 0, (call, done)
        assert self.library.seccomp_load(context) == 0
