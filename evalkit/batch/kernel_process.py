"""The process of a kernel: ipykernel, with every socket in its private folder and no debugger,
which would listen on a port too.

ipykernel itself listens on a port of this computer, whatever its other sockets are, for what a
process that a notebook forks prints; any user of the computer could connect there. Here that
socket lies beside the others.

    python -m evalkit.batch.kernel_process -f CONNECTION_FILE ...
"""

import os
import sys
from importlib import import_module
from typing import Any, cast

# What a kernel imports while it starts.
_OF_A_KERNEL = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "tornado.platform.asyncio", "tornado.queues"),
    *("sqlite3", "IPython.core.debugger", "IPython.core.completerlib"),
    "IPython.extensions.storemagic",
)
# What is added to the name of the socket that a notebook's output leaves by.
_OF_FORKED = "-forked"


def prepared(arguments: list[str]) -> Any:
    """A kernel that can be spoken to as soon as it is started."""
    import_ipykernel()
    from ipykernel import kernelapp

    cast(Any, kernelapp).IOPubThread = _private_output()
    app = kernelapp.IPKernelApp.instance()
    app.initialize(arguments)
    return app


def import_ipykernel() -> None:
    """Import all that a kernel consists of, as if there were no debugger."""
    if "ipykernel.debugger" not in sys.modules:
        # As Python itself marks what cannot be imported.
        cast(dict, sys.modules)["debugpy"] = None
        import_module("ipykernel.debugger")
        del sys.modules["debugpy"]
    for module in _OF_A_KERNEL:
        import_module(module)


def leave_working_folder() -> None:
    """Take no modules from the working folder while the kernel's own are imported; as with
    ipykernel's launcher, it joins the places of modules later.
    """
    if sys.path[0] == os.getcwd():
        del sys.path[0]


def _private_output() -> type:
    # Inside a function: nothing is imported while the working folder is where modules come from.
    import zmq
    from ipykernel.iostream import IOPubThread
    from zmq.eventloop.zmqstream import ZMQStream

    class PrivateOutput(IOPubThread):
        """The thread that sends what is shown; forked processes reach it by a socket, no port."""

        def _setup_pipe_in(self) -> None:
            self._pipe_uuid = os.urandom(16)
            output = cast(zmq.Socket, self.socket)
            self._pipe_place = output.getsockopt_string(zmq.LAST_ENDPOINT) + _OF_FORKED
            pipe_in = output.context.socket(zmq.PULL)
            pipe_in.linger = 0
            pipe_in.bind(self._pipe_place)
            self._pipe_in = ZMQStream(pipe_in, self.io_loop)
            self._pipe_in.on_recv(self._handle_pipe_msg)

        def _setup_pipe_out(self) -> tuple[zmq.Context, zmq.Socket]:
            context = zmq.Context()
            pipe_out = context.socket(zmq.PUSH)
            pipe_out.linger = 3000
            pipe_out.connect(self._pipe_place)
            return context, pipe_out

    return PrivateOutput


if __name__ == "__main__":
    leave_working_folder()
    prepared(sys.argv[1:]).start()
