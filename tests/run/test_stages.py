from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import pytest

from bactrian.core.errors import ConflictError, ExternalError, InputError
from bactrian.run.digests import FileDigests, digest_values
from bactrian.run.executor import open_executor
from bactrian.run.stages import Stage, StageStore

if TYPE_CHECKING:
    from pathlib import Path


TASKS = """
import os
import signal

from bactrian.core.errors import InputError, Where


def write_word(folder, word):
    (folder / "word.txt").write_text(word)


def die(folder, word):
    os.kill(os.getpid(), signal.SIGKILL)


def fail(folder, word):
    (folder / "half.txt").write_text(word)
    raise InputError(f"'{word}' is wrong.", Where(file="words.csv", row=2))
"""


@pytest.fixture(autouse=True)
def _tasks(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the tasks where worker processes find them too."""
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "stage_tasks.py").write_text(TASKS)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "stage_tasks", raising=False)


def make_stage(word: str, task: str = "write_word") -> Stage:
    tasks = importlib.import_module("stage_tasks")
    return Stage("words", word, digest_values(word), getattr(tasks, task), (word,))


@pytest.mark.parametrize("workers", [1, 2])
def test_stages_give_their_files_in_order_for_any_number_of_workers(tmp_path: Path, workers: int) -> None:
    store = StageStore(tmp_path / "stages")
    with store.hold(), open_executor(workers) as executor:
        outcomes = store.run([make_stage(word) for word in ("a", "b", "c")], executor)
    assert [(o.folder / "word.txt").read_text() for o in outcomes if o.folder] == ["a", "b", "c"]
    assert not any(o.found for o in outcomes)


def test_a_finished_stage_is_found_and_not_redone(tmp_path: Path) -> None:
    store = StageStore(tmp_path)
    with store.hold(), open_executor(1) as executor:
        (first,) = store.run([make_stage("a")], executor)
        assert first.folder
        (first.folder / "word.txt").write_text("touched")
        (second,) = store.run([make_stage("a")], executor)
    assert second.found
    assert second.folder
    assert (second.folder / "word.txt").read_text() == "touched"


@pytest.mark.parametrize("workers", [1, 2])
def test_an_input_error_stops_the_run_with_its_sentence_and_leaves_nothing_half(
    tmp_path: Path, workers: int
) -> None:
    store = StageStore(tmp_path)
    with (
        store.hold(),
        pytest.raises(InputError, match=r"^words\.csv, row 2: 'b' is wrong\.$"),
        open_executor(workers) as executor,
    ):
        store.run([make_stage("b", "fail")], executor)
    assert list((tmp_path / "words").iterdir()) == []


def test_keep_going_finishes_the_others(tmp_path: Path) -> None:
    store = StageStore(tmp_path)
    with store.hold(), open_executor(1) as executor:
        outcomes = store.run(
            [make_stage("a"), make_stage("b", "fail"), make_stage("c")], executor, keep_going=True
        )
    assert [o.folder is not None for o in outcomes] == [True, False, True]
    assert str(outcomes[1].error) == "words.csv, row 2: 'b' is wrong."


def test_sweep_keeps_other_labels_and_the_results_used_last(tmp_path: Path) -> None:
    store = StageStore(tmp_path)
    tasks = importlib.import_module("stage_tasks")
    versions = [Stage("words", "a", digest_values(n), tasks.write_word, ("a",)) for n in range(5)]
    with store.hold(), open_executor(1) as executor:
        store.run([make_stage("b")], executor)
        for stage in versions:
            store.run([stage], executor)
            store.sweep([stage], keep=2)
        store.run([versions[3]], executor)
        store.sweep([versions[3]], keep=1)
    assert [store.is_done(stage) for stage in versions] == [False, False, False, True, False]
    assert store.is_done(make_stage("b"))


def test_a_worker_that_the_system_ends_gets_one_sentence(tmp_path: Path) -> None:
    store = StageStore(tmp_path)
    with (
        store.hold(),
        pytest.raises(ExternalError) as caught,
        open_executor(2) as executor,
    ):
        store.run([make_stage("b", "die")], executor)
    assert str(caught.value) == (
        "b: the system ended a worker process, most likely for want of memory. "
        "Run the same command again with fewer --workers."
    )


def test_two_runs_cannot_hold_one_store(tmp_path: Path) -> None:
    root = tmp_path / "out" / "stages"
    with StageStore(root).hold(), pytest.raises(ConflictError) as caught, StageStore(root).hold():
        pass
    assert str(caught.value) == (
        f"{tmp_path / 'out'}: another run is writing here. Wait for it, or choose another folder."
    )


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "words" / ".part-1").mkdir(parents=True)
    with StageStore(tmp_path).hold():
        assert list((tmp_path / "words").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError) as caught, StageStore(tmp_path / "file" / "out" / "stages").hold():
        pass
    assert str(caught.value) == (
        f"{tmp_path / 'file' / 'out'}: nothing can be written here (not a directory). "
        "Name a folder that you may write to."
    )


def start_slow_run(tmp_path: Path) -> subprocess.Popen[bytes]:
    """Start a run with one finished stage and one that works for a minute."""
    (tmp_path / "slow.py").write_text(
        textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from bactrian.run.executor import open_executor
        from bactrian.run.stages import Stage, StageStore

        def wait_long(folder, word):
            (folder / "half.txt").write_text(word)
            Path(sys.argv[1] if len(sys.argv) > 1 else "", "started").touch() if word == "s" else None
            time.sleep(60 if word == "s" else 0)

        if __name__ == "__main__":
            store = StageStore(Path(sys.argv[1]) / "stages")
            with store.hold(), open_executor(2) as executor:
                store.run([Stage("w", w, w, wait_long, (w,)) for w in ("q", "s")], executor)
        """)
    )
    run = subprocess.Popen(
        [sys.executable, str(tmp_path / "slow.py"), str(tmp_path)],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "stages" / "w" / "q-q").exists() or not any(tmp_path.glob("stages/w/.part-*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return run


def test_workers_do_not_outlive_a_killed_run(tmp_path: Path) -> None:
    run = start_slow_run(tmp_path)
    run.kill()
    # The workers hold the other end of the pipe: it ends when they have ended.
    run.communicate(timeout=30)
    with StageStore(tmp_path / "stages").hold():
        assert [path.name for path in (tmp_path / "stages" / "w").iterdir()] == ["q-q"]


def test_interrupt_stops_workers_and_leaves_nothing_half(tmp_path: Path) -> None:
    run = start_slow_run(tmp_path)
    os.killpg(run.pid, signal.SIGINT)
    _, stderr = run.communicate(timeout=30)
    assert run.returncode != 0
    assert b"KeyboardInterrupt" in stderr
    assert [path.name for path in (tmp_path / "stages" / "w").iterdir()] == ["q-q"]


def test_file_digests_follow_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"ACGT")
    digests = FileDigests(tmp_path / "memory.json")
    first = digests.digest(path)
    digests.save()
    assert FileDigests(tmp_path / "memory.json").digest(path) == first
    path.write_bytes(b"ACGA")
    os.utime(path, ns=(1, 1))
    assert FileDigests(tmp_path / "memory.json").digest(path) != first


def test_digests_of_settings_see_every_value() -> None:
    assert digest_values(1, {"a": [1, 2]}) != digest_values(1, {"a": [1, 3]})
    with pytest.raises(TypeError, match="set has no canonical form"):
        digest_values({1})
