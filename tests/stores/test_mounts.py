"""A state is not kept where SQLite's locks do not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.errors import StoreError
from rbsync.stores import state_lock
from rbsync.stores.sqlite import SqliteStore
from tests.builders import OWNER

MOUNTS = r"""proc /proc proc rw,nosuid 0 0
/dev/vda / ext4 rw,relatime 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
//server/share /mnt/lab\040share cifs rw 0 0
tmpfs /home/ann/scratch tmpfs rw 0 0
C:\134 /mnt/c 9p rw,aname=drvfs 0 0
/dev/vdb /mnt/c/linux ext4 rw 0 0
server:/hidden /data nfs rw 0 0
/dev/vdc /data ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/srv/project", "ext4"),
        ("/homework", "ext4"),
        ("/home", "nfs4"),
        ("/home/ann/project", "nfs4"),
        ("/home/ann/scratch/project", "tmpfs"),
        ("/mnt/lab share/x", "cifs"),
        ("/mnt/c/Users", "9p"),
        ("/mnt/c/linux/x", "ext4"),
        ("/data/x", "ext4"),
    ],
)
def test_the_file_system_is_that_of_the_deepest_and_latest_mount(path: str, kind: str) -> None:
    assert state_lock.file_system(path, MOUNTS) == kind


def test_where_there_are_no_mounts_nothing_is_known(tmp_path: Path) -> None:
    assert state_lock.file_system("/home", "") == ""
    state_lock.refuse_network("/home", str(tmp_path / "none"))


def test_this_machine_lists_its_mounts() -> None:
    assert state_lock.file_system("/proc/self", Path(state_lock.MOUNTS).read_text()) == "proc"


def test_a_state_on_a_network_file_system_is_refused_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {tmp_path}/lab nfs4 rw 0 0\n")
    monkeypatch.setattr(state_lock, "MOUNTS", str(table))
    folder = tmp_path / "lab" / ".rbsync"
    with pytest.raises(StoreError) as caught:
        SqliteStore(folder / "state.db").writer(OWNER, timeout=0).__enter__()
    assert str(caught.value) == (
        f"The state cannot be kept in {folder}: it is on a network file system (nfs4)."
    )
    assert caught.value.hint == (
        "Keep the state on a local disk; the files to upload may stay where they are."
    )
    assert not folder.exists()
