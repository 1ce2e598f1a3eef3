"""A private folder goes with the process that made it, and with no other."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from qmode_jupyter.errors import IBMRuntimeError
from qmode_jupyter.simulation import object_store, private_folder
from qmode_jupyter.simulation.object_store import ObjectStore
from qmode_jupyter.simulation.private_folder import PrivateFolder, entered


def test_nobody_else_may_read_it_and_closing_removes_it_once():
    folder = PrivateFolder()
    assert stat.S_IMODE(Path(folder.path).stat().st_mode) == 0o700
    folder.close()
    assert not Path(folder.path).exists()
    folder.close()  # once more is nothing


def test_one_that_is_in_use_is_left_alone_by_the_next():
    one, other = PrivateFolder(), PrivateFolder()
    assert Path(one.path).is_dir()
    assert one.path != other.path
    one.close()
    assert Path(other.path).is_dir()
    other.close()


def test_a_fork_that_ends_does_not_remove_it():
    folder = PrivateFolder()
    child = os.fork()
    if child == 0:
        folder.close()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert Path(folder.path).is_dir()
    folder.close()


def test_memory_is_taken_where_there_is_room(monkeypatch, tmp_path):
    memory, disk = tmp_path / "memory", tmp_path / "disk"
    memory.mkdir(), disk.mkdir()
    monkeypatch.setattr(private_folder, "_IN_MEMORY", memory)
    monkeypatch.setattr("tempfile.tempdir", str(disk))
    for room, parent in ((0, memory), (2**80, disk)):
        monkeypatch.setattr(private_folder, "_ROOM_BYTES", room)
        folder = PrivateFolder()
        assert Path(folder.path).parent == parent
        folder.close()


def test_where_none_can_be_made_every_place_is_named(monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(private_folder, "_IN_MEMORY", tmp_path / "nowhere")
    monkeypatch.setattr("tempfile.tempdir", str(file))
    with pytest.raises(IBMRuntimeError, match=rf"\({file}: Not a directory\): let TMPDIR name a folder"):
        PrivateFolder()


KILLED = """
import os, signal
from qmode_jupyter.simulation.object_store import ObjectStore
store = ObjectStore()
print(store.directory, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_leaves_is_cleared_by_the_next(store):
    killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    left = Path(killed.stdout.strip())
    assert left.is_dir()
    later = ObjectStore()
    assert not left.exists()
    assert Path(store.directory).is_dir()
    later.close()


def test_a_memory_folder_that_refuses_is_not_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(private_folder, "_roomy", lambda base: base.exists())
    monkeypatch.setattr(private_folder, "_IN_MEMORY", Path("/proc"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = object_store.ObjectStore()
    assert Path(store.directory).parent == tmp_path
    store.close()


def as_another_user(monkeypatch):
    another = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: another)


def open_to_all(monkeypatch, folder):
    Path(folder.path).chmod(0o755)


def behind_a_link(monkeypatch, folder):
    moved = Path(folder.path).rename(folder.path + "-moved")
    Path(folder.path).symlink_to(moved)


@pytest.mark.parametrize(
    "make",
    [lambda patch, folder: as_another_user(patch), open_to_all, behind_a_link],
    ids=["owner", "mode", "link"],
)
def test_one_that_is_not_ours_alone_is_not_entered(monkeypatch, make):
    folder = PrivateFolder()
    try:
        assert folder.there
        with entered(folder.path) as descriptor:
            assert os.listdir(descriptor) == ["in-use"]  # noqa: PTH208
        with monkeypatch.context() as patch:
            make(patch, folder)
            assert not folder.there
            with pytest.raises(FileNotFoundError), entered(folder.path):
                pytest.fail("it was entered")
    finally:
        folder.close()
        shutil.rmtree(folder.path + "-moved", ignore_errors=True)
        Path(folder.path).unlink(missing_ok=True)


def test_a_file_system_that_can_t_keep_others_out_is_not_used(monkeypatch, tmp_path):
    def open_folder(prefix: str, dir: Path) -> str:
        path = Path(dir, prefix + "x")
        path.mkdir()
        path.chmod(0o777)
        return str(path)

    monkeypatch.setattr(private_folder, "_IN_MEMORY", tmp_path / "none")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("tempfile.mkdtemp", open_folder)
    with pytest.raises(IBMRuntimeError, match=r"It is not ours alone\): let TMPDIR name a folder"):
        PrivateFolder()
    assert list(tmp_path.iterdir()) == []
