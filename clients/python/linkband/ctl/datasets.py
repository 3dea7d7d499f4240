"""linkbandctl's subcommands that work on recordings here, without a daemon."""

from ..bids import add_session
from ..session import read_session
from ..tool import Arguments
from .commands import put


def bids(arguments: Arguments) -> None:
    for session in arguments.sessions:
        put(str(add_session(arguments.dataset, read_session(session), arguments.task, arguments.subject)))
