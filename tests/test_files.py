import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geo import files
from geo.errors import OutputError
from geo.files import replace_file, replace_folder, write_text


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_replaced_only_when_the_block_ends_well(tmp_path):
    path = tmp_path / "gaps.csv"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replace_file(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        _ = 1 / 0
    assert path.read_text(encoding="utf-8") == "old"
    write_text(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
    assert names(tmp_path) == {"gaps.csv"}


@pytest.mark.parametrize("swap", [True, False])
def test_a_folder_is_exchanged_whole_and_keeps_what_others_put_there(
    tmp_path, monkeypatch, swap
):
    if not swap:
        monkeypatch.setattr(files, "_swap", lambda *_: False)
    out = tmp_path / "plans" / "out"
    with replace_folder(out) as new:
        (new / "gaps.csv").write_text("1", encoding="utf-8")
    (out / "my notes.txt").write_text("kept", encoding="utf-8")
    (out / "photos").mkdir()
    (out / "photos" / "a.txt").write_text("kept", encoding="utf-8")
    with replace_folder(out) as new:
        (new / "gaps.csv").write_text("2", encoding="utf-8")
    assert (out / "gaps.csv").read_text(encoding="utf-8") == "2"
    assert (out / "my notes.txt").read_text(encoding="utf-8") == "kept"
    assert (out / "photos" / "a.txt").read_text(encoding="utf-8") == "kept"
    assert names(out.parent) == {"out"}


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    out = tmp_path / "out"
    with replace_folder(out) as new:
        (new / "a").write_text("1", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt), replace_folder(out) as new:
        (new / "b").write_text("2", encoding="utf-8")
        raise KeyboardInterrupt
    assert names(out) == {"a"}
    assert names(tmp_path) == {"out"}


def test_what_a_killed_run_left_is_put_back_and_cleared(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    left = tmp_path / f".out.{process.pid}.abc"
    (left / "old").mkdir(parents=True)
    (left / "old" / "gaps.csv").write_text("saved", encoding="utf-8")
    with pytest.raises(ZeroDivisionError), replace_folder(tmp_path / "out"):
        _ = 1 / 0
    assert (tmp_path / "out" / "gaps.csv").read_text(encoding="utf-8") == "saved"
    assert names(tmp_path) == {"out"}


def test_a_running_neighbour_is_left_alone(tmp_path):
    theirs = tmp_path / f".out.{os.getppid()}.abc"
    theirs.mkdir()
    with replace_folder(tmp_path / "out") as new:
        (new / "a").write_text("1", encoding="utf-8")
    assert theirs.is_dir()


def test_trouble_is_told_with_the_remedy(tmp_path):
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with (
        pytest.raises(OutputError, match="不是文件夹"),
        replace_folder(tmp_path / "out"),
    ):
        pass
    with pytest.raises(OutputError) as caught:
        write_text(tmp_path / "missing" / "x.csv", "")
    assert "x.csv" in caught.value.message("en")
    assert "disk space" in caught.value.action("en")
    assert "所在的文件夹不存在" in caught.value.message("zh")
    assert "its folder does not exist" in caught.value.message("en")


def test_a_refusal_without_words_of_its_own_keeps_the_systems(tmp_path):
    with pytest.raises(OutputError) as caught, replace_file(tmp_path / "a"):
        raise OSError("odd")
    assert "odd" in str(caught.value)


WRITER = """
import sys
from pathlib import Path
from geo.files import replace_folder
out = Path(sys.argv[1])
for turn in range(10_000):
    with replace_folder(out) as new:
        for name in "abc":
            (new / name).write_text(f"{turn}" * 20_000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal")
def test_a_kill_at_any_moment_never_leaves_a_mixed_folder(tmp_path):
    out = tmp_path / "out"
    for turn in range(12):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(out)])
        deadline = time.monotonic() + 30
        while not out.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05 + 0.013 * turn)
        process.send_signal(signal.SIGKILL)
        process.wait()
        contents = {(out / name).read_text(encoding="utf-8") for name in "abc"}
        assert len(contents) == 1
        assert names(out) == set("abc")
