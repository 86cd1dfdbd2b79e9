"""The exceptions of this package. Each message says what was found, what was expected, and how to fix it."""


class FrontgateError(Exception):
    """The base of all errors of the kit. A failed assertion is an `AssertionError` instead."""


class BinaryError(FrontgateError):
    """The program `frontgate` is missing, or cannot run on this machine."""


class StartError(FrontgateError):
    """The edge did not start because of its options, configuration, key, port or origin."""


class ControlError(FrontgateError):
    """The running edge rejected a request, such as a reload with a faulty configuration."""


class ProcessDied(FrontgateError):
    """The edge stopped unexpectedly."""


class OriginError(FrontgateError):
    """The edge allowed the request, but the origin did not respond."""


class UsageError(FrontgateError, ValueError):
    """An argument is invalid: a time without a zone, milliseconds, an unknown reason, a URL with a space."""
