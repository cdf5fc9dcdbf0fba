import json
import os
import stat

import pytest

from evalkit.batch.kernels import make_socket_folder
from evalkit.batch.lock import locked
from evalkit.errors import BatchError


def test_second_holder_is_refused_and_told_the_first_ones_process(tmp_path):
    with locked(tmp_path), pytest.raises(BatchError) as fault, locked(tmp_path):
        pass

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "This run is being executed already."
    assert where == f"  where: {tmp_path / '.lock'}, process {os.getpid()}"
    assert why == "  why:   Two runs of one folder would write over each other. Nothing was run."
    assert fix == "  fix:   wait for the other one or end it; or give another folder with --out."


def test_folder_is_free_again_afterwards(tmp_path):
    with locked(tmp_path):
        pass

    with locked(tmp_path) as sockets:
        assert sockets.is_dir()


def test_lock_left_by_a_dead_process_is_recovered_with_its_sockets(tmp_path):
    left_behind = make_socket_folder()
    (tmp_path / ".lock").write_text(json.dumps({"pid": 999_999_999, "sockets": str(left_behind)}))

    with locked(tmp_path):
        assert not left_behind.exists()


def test_folder_that_is_not_for_sockets_is_never_removed(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / ".lock").write_text(json.dumps({"pid": 999_999_999, "sockets": str(precious)}))

    with locked(tmp_path):
        assert precious.exists()


def test_sockets_are_private_and_removed_afterwards(tmp_path):
    with locked(tmp_path) as sockets:
        mode = stat.S_IMODE(sockets.stat().st_mode)

    assert mode == 0o700
    assert not sockets.exists()


@pytest.mark.parametrize("content", ["not json", "[]", ""])
def test_unreadable_lock_is_recovered(tmp_path, content):
    (tmp_path / ".lock").write_text(content)

    with locked(tmp_path):
        assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()
