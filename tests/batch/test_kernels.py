import stat

import pytest

from evalkit.batch.kernels import kernel_config, make_socket_folder, remove_socket_folder
from evalkit.errors import BatchError

pytestmark = pytest.mark.slow

# The paths of Unix sockets end at 107 bytes on Linux (sun_path of sys/un.h).
SOCKET_PATH_BYTES = 107


def test_socket_folder_is_private_and_short(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("deep" * 40)))

    folder = make_socket_folder()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(f"{folder}/k9999-ipc-5") < SOCKET_PATH_BYTES
    remove_socket_folder(folder)


def test_no_place_for_sockets_is_said(monkeypatch):
    monkeypatch.setattr("evalkit.batch.kernels.os.access", lambda *_: False)

    with pytest.raises(BatchError) as fault:
        make_socket_folder()

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "There is no place for the sockets of the kernels."
    assert where.startswith("  where: looked in: ")
    assert (
        why == "  why:   A socket's path must be short; the folder's may have 60 bytes and must be "
        "writable."
    )
    assert fix == "  fix:   set TMPDIR to a short path, for example /tmp."


def test_kernels_use_sockets_in_the_folder_and_no_port(tmp_path):
    config = kernel_config(
        tmp_path,
        number=3,
        log_path=tmp_path / "log",
        reads_path=tmp_path / "reads",
        work_folder=tmp_path,
    )["PrivateKernelManager"]

    assert config["transport"] == "ipc"
    assert config["connection_file"] == str(tmp_path / "k3.json")
