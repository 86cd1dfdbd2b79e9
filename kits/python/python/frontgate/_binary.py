"""Finds the program `frontgate`, and explains why an existing one cannot run."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Iterator, Optional, Union

from ._errors import BinaryError

Pathlike = Union[str, "os.PathLike[str]"]

_NAME = "frontgate.exe" if os.name == "nt" else "frontgate"
_REMEDY = "install the wheel of this package for this machine, or name the program with binary=… or FRONTGATE_BINARY"
# e_machine of the ELF header, and its name in `uname -m`.
_MACHINES = {3: "i686", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64", 22: "s390x", 21: "ppc64le"}


def find(binary: Optional[Pathlike] = None) -> str:
    """Returns the path of the program: as given, from FRONTGATE_BINARY, installed with this package, or on PATH."""
    named = [("binary=", binary), ("FRONTGATE_BINARY", os.environ.get("FRONTGATE_BINARY"))]
    for source, value in named:
        if value:
            return _named(source, os.fspath(value))
    looked = []
    for candidate in dict.fromkeys(_installed()):
        if candidate.is_file():
            return str(candidate)
        looked.append(str(candidate))
    on_path = shutil.which(_NAME)
    if on_path:
        return on_path
    places = "\n".join(f"  {place}" for place in [*looked, "the folders of PATH"])
    raise BinaryError(f"program `{_NAME}` not found; searched in\n{places}\n{_REMEDY}")


def cannot_run(path: str, error: OSError) -> BinaryError:
    """Explains the system's error for this program."""
    if error.errno == errno.ENOEXEC:
        return BinaryError(f"{path} can't be run: {_wrong_machine(path)}; {_REMEDY}")
    if error.errno == errno.ENOENT and os.path.isfile(path):
        return BinaryError(f"{path} can't be run: {_missing_loader(path)}; {_REMEDY}")
    if error.errno == errno.EACCES:
        return BinaryError(f"{path} can't be run: permission denied; `chmod +x` it, on a file system without noexec")
    return BinaryError(f"{path} can't be run: {error.strerror or error}; {_REMEDY}")


def _named(source: str, path: str) -> str:
    if os.path.isdir(path):
        raise BinaryError(f"{source} names {path}, a directory; name the program in it")
    if not os.path.isfile(path):
        raise BinaryError(f"{source} names {path}, which doesn't exist; leave it out to take the one of this package")
    return os.path.abspath(path)


def _installed() -> Iterator[Path]:
    yield Path(sysconfig.get_path("scripts")) / _NAME
    user_scheme = "nt_user" if os.name == "nt" else "posix_user"
    if user_scheme in sysconfig.get_scheme_names():
        yield Path(sysconfig.get_path("scripts", user_scheme)) / _NAME
    # `pip install --target` and `--prefix`
    package = Path(__file__).resolve().parent
    yield package.parent / "bin" / _NAME
    yield Path(sys.prefix) / "bin" / _NAME


def _wrong_machine(path: str) -> str:
    here = os.uname().machine if hasattr(os, "uname") else "this machine"
    machine = _machine_of(path)
    if machine is None:
        return f"it is not a program for this system (here: {here})"
    return f"it is built for {machine}, and this machine is {here}"


def _missing_loader(path: str) -> str:
    machine, here = _machine_of(path), os.uname().machine
    if machine not in (None, here):
        return _wrong_machine(path)
    return "the file is there, but not what loads it: it is built for another C library or needs an interpreter that is missing"


def _machine_of(path: str) -> Optional[str]:
    try:
        with open(path, "rb") as file:
            head = file.read(20)
    except OSError:
        return None
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return None
    number = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
    return _MACHINES.get(number, f"another machine (ELF {number})")
