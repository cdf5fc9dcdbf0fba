"""What went wrong with a unit, in words that hold no data: evalkit's own errors by their four
lines, all others by kind and place only.
"""

import errno
from dataclasses import dataclass

from evalkit.errors import DisclosureError, EvalkitError, IntakeError

GENERAL_EXIT = 1
_NO_SPACE = f"[Errno {errno.ENOSPC}]"


@dataclass(frozen=True)
class Failure:
    """A failure: one line for the manifest, the lines for the summary, and the exit code that it
    calls for.
    """

    headline: str
    text: str
    exit_code: int


def failure_in_words(fault: BaseException, *, time_limit_seconds: float) -> Failure:
    """An exception of an attempt as a failure that may be shown.

    The message of a foreign exception may hold data (a KeyError names its key), so only its kind
    and the number of the cell are given.
    """
    from nbclient.exceptions import CellTimeoutError
    from papermill.exceptions import PapermillExecutionError

    if isinstance(fault, EvalkitError):
        return _evalkit_failure(type(fault), str(fault))
    if isinstance(fault, PapermillExecutionError):
        kind = evalkit_kinds().get(fault.ename)
        if kind and fault.evalue:
            return _evalkit_failure(kind, fault.evalue)
        if str(fault.evalue).startswith(_NO_SPACE):
            return _short(f"no space is left on the disk (at In [{fault.exec_count}])")
        return _short(f"{fault.ename} at In [{fault.exec_count}]")
    if isinstance(fault, CellTimeoutError):
        return _short(f"not finished within the time limit of {time_limit_seconds:g} seconds")
    if is_dead_kernel(fault):
        return _short("the kernel died (killed, out of memory, or a crash in compiled code)")
    if isinstance(fault, OSError):
        return _short(f"{refusal_of_the_system(fault)} while the notebook was run or put in place")
    return _short(f"{type(fault).__name__} while the notebook was started or put in place")


def is_dead_kernel(fault: BaseException) -> bool:
    """Whether a kernel ended by itself: killed from outside, out of memory, crashed."""
    from nbclient.exceptions import DeadKernelError

    return isinstance(fault, DeadKernelError) or (
        isinstance(fault, RuntimeError) and "ernel died" in str(fault)
    )


def refusal_of_the_system(fault: OSError) -> str:
    """What the operating system refused, in its words, without the path."""
    return f"the operating system says: {fault.strerror or type(fault).__name__}"


def evalkit_kinds() -> dict[str, type[EvalkitError]]:
    """The error family by class name."""
    kinds: dict[str, type[EvalkitError]] = {}
    waiting: list[type[EvalkitError]] = [EvalkitError]
    while waiting:
        kind = waiting.pop()
        kinds[kind.__name__] = kind
        waiting += kind.__subclasses__()
    return kinds


def _evalkit_failure(kind: type[EvalkitError], message: str) -> Failure:
    text = f"{kind.__name__}: {message}"
    exit_code = kind.exit_code if issubclass(kind, IntakeError | DisclosureError) else GENERAL_EXIT
    return Failure(text.splitlines()[0], text, exit_code)


def _short(headline: str) -> Failure:
    return Failure(headline, headline, GENERAL_EXIT)
