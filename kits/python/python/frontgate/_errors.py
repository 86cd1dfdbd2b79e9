"""The exceptions of this package. Each message says what was found, what was expected, and what to do."""


class FrontgateError(Exception):
    """Anything that went wrong in the kit itself. A failed assertion is an `AssertionError` instead."""


class BinaryError(FrontgateError):
    """The `frontgate` program is missing, or can't be run on this machine."""


class StartError(FrontgateError):
    """The edge didn't start: its options, its configuration, its key, its port or its origin are at fault."""


class ControlError(FrontgateError):
    """The running edge refused what it was asked to do, such as a reload with a broken configuration."""


class ProcessDied(FrontgateError):
    """The edge ended although nobody stopped it."""


class OriginError(FrontgateError):
    """The edge let the request through, but the origin behind it gave no answer."""


class UsageError(FrontgateError, ValueError):
    """An argument makes no sense: a time without a zone, milliseconds, an unknown reason, a URL with a space."""
