"""The process of a kernel: ipykernel, with every socket in its private folder.

ipykernel itself listens on a port of this computer, whatever its other sockets are, for what a
process that a notebook forks prints; any user of the computer could connect there. Here that
socket lies beside the others.

    python -m evalkit.batch.kernel_process -f CONNECTION_FILE ...
"""

import os
import sys
from typing import Any, cast

# What is added to the name of the socket that a notebook's output leaves by.
_OF_FORKED = "-forked"


def start(arguments: list[str]) -> None:
    """Become a kernel, which ends when it is told to."""
    from ipykernel import kernelapp

    cast(Any, kernelapp).IOPubThread = _private_output()
    kernelapp.IPKernelApp.launch_instance(argv=arguments)


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
    # As ipykernel's own launcher does: the notebook's folder joins the places of modules later.
    if sys.path[0] == os.getcwd():
        del sys.path[0]
    start(sys.argv[1:])
