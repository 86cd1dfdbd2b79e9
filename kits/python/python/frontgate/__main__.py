"""`python -m frontgate …` runs the program of this package."""

import os
import sys

from . import _binary
from ._errors import BinaryError


def main() -> None:
    """Replaces this process by the program, with the same arguments."""
    try:
        program = _binary.find()
        try:
            os.execv(program, [program, *sys.argv[1:]])
        except OSError as error:
            raise _binary.cannot_run(program, error) from error
    except BinaryError as error:
        sys.exit(f"frontgate: {error}")


if __name__ == "__main__":
    main()
