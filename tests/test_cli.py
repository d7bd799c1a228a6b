"""The command line as users meet it: words, exit codes, blocks on stderr."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from hamlet import make_communities, make_facilities, write_folder

import geo
from geo import cli, commands
from geo.decisions import make_decisions, write_decisions
from geo.errors import CancelledError, OutputError
from geo.text import texts

ROOT = Path(__file__).parents[1]


@pytest.fixture
def hamlet(tmp_path):
    return write_folder(tmp_path / "hamlet")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.delenv("PIANQU_LANG", raising=False)


def refused(capsys, *words):
    """Run a command that must be refused; return what stderr says."""
    assert cli.main(list(words)) == 2
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return said.err


def test_plan_writes_the_four_files_and_says_so(hamlet, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["plan", str(hamlet), "--out", str(out), "--only", "gaps"]) == 0
    names = {path.name for path in out.iterdir()}
    assert names == {"plan.gpkg", "gaps.csv", "findings.csv", "summary.json"}
    said = capsys.readouterr()
    assert "3 个小区" in said.out
    assert "CGCS2000" in said.out
    assert said.err == ""
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert set(summary["seconds"]) == {"read", "network", "life_circle"}


def test_plan_in_english_with_profile_settings_and_crs(hamlet, tmp_path, capsys):
    settings = tmp_path / "settings.toml"
    settings.write_text("coverage_share_min = 0.9\n", encoding="utf-8")
    words = ["plan", str(hamlet), "--out", str(tmp_path / "out"), "--lang", "en"]
    words += ["--profile", "gansu", "--settings", str(settings), "--crs", "EPSG:4547"]
    assert cli.main(words) == 0
    assert "3 communities" in capsys.readouterr().out
    summary = json.loads(
        (tmp_path / "out" / "summary.json").read_text(encoding="utf-8")
    )
    assert summary["profile"] == "gansu"
    assert summary["settings"]["coverage_share_min"] == 0.9
    assert summary["output_crs"] == "EPSG:4547"


def test_settings_of_the_district_give_way_to_those_of_the_command(
    hamlet, tmp_path, capsys
):
    text = "[settings]\ncoverage_share_min = 0.7\nelder_pace_m_per_min = 40.0\n"
    (hamlet / "district.toml").write_text(text, encoding="utf-8")
    settings = tmp_path / "settings.toml"
    settings.write_text("coverage_share_min = 0.9\n", encoding="utf-8")
    words = ["plan", str(hamlet), "--out", str(tmp_path / "out")]
    assert cli.main([*words, "--settings", str(settings)]) == 0
    summary = json.loads(
        (tmp_path / "out" / "summary.json").read_text(encoding="utf-8")
    )
    assert summary["settings"]["coverage_share_min"] == 0.9
    assert summary["settings"]["elder_pace_m_per_min"] == 40.0
    assert capsys.readouterr().err == ""


def test_check_lists_what_it_found(hamlet, tmp_path, capsys):
    assert cli.main(["check", str(hamlet), "--out", str(tmp_path / "found")]) == 0
    said = capsys.readouterr().out
    assert "0 个错误" in said
    assert "读入 3 行" in said
    table = pd.read_csv(tmp_path / "found" / "findings.csv")
    assert "action" in table.columns


def test_check_meets_errors_with_exit_code_1_and_so_does_strict(tmp_path, capsys):
    doubled = make_communities()
    doubled["id"] = ["c1", "c1", "c3"]
    folder = write_folder(tmp_path / "hamlet", communities=doubled)
    assert cli.main(["check", str(folder)]) == 1
    assert "错误｜小区" in capsys.readouterr().out
    words = ["plan", str(folder), "--out", str(tmp_path / "out")]
    assert cli.main([*words, "--strict"]) == 1
    assert (tmp_path / "out" / "gaps.csv").exists()
    assert cli.main(words) == 0


def test_demo_writes_a_district_that_can_be_checked(tmp_path, capsys):
    assert cli.main(["demo", str(tmp_path / "demo")]) == 0
    assert "示例区" in capsys.readouterr().out
    assert any((tmp_path / "demo").iterdir())


def test_version(capsys):
    assert cli.main(["version"]) == 0
    assert geo.__version__ in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help_speaks_the_language(lang, capsys, monkeypatch):
    monkeypatch.setenv("PIANQU_LANG", lang)
    assert cli.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert texts(lang)["cli.optional_title"] in said
    for command in ("demo", "check", "plan", "fetch", "app", "version"):
        assert command in said
        assert cli.main([command, "--help", f"--lang={lang}"]) == 0


# --- what is refused --------------------------------------------------------------


def test_a_missing_district_is_refused(tmp_path, capsys):
    said = refused(capsys, "plan", str(tmp_path / "no"), "--out", str(tmp_path / "out"))
    assert said.startswith("错误：")
    assert "怎么办：" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("layer", ["communities", "facilities", "streets"])
def test_a_missing_layer_is_refused(hamlet, tmp_path, capsys, layer):
    (hamlet / f"{layer}.gpkg").unlink()
    said = refused(capsys, "plan", str(hamlet), "--out", str(tmp_path / "out"))
    assert layer in said
    assert not (tmp_path / "out").exists()


def test_a_layer_without_a_crs_is_refused(tmp_path, capsys):
    bare = make_facilities().set_crs(None, allow_override=True)
    with pytest.warns(UserWarning, match="crs"):
        folder = write_folder(tmp_path / "hamlet", facilities=bare)
    said = refused(capsys, "check", str(folder))
    assert "facilities" in said


def test_checks_stop_before_the_ranking(hamlet, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["plan", str(hamlet), "--out", str(out), "--only", "checks"]) == 0
    assert "条款核对" in capsys.readouterr().out
    names = {path.name for path in out.iterdir()}
    assert {"checks.csv", "collect.csv", "sites.csv"} <= names
    assert not names & {"ranking.csv", "schedule.csv", "indicators.csv"}
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["until"] == "checks"
    assert "schedule" not in summary


def test_a_step_that_there_is_not_is_refused(hamlet, tmp_path, capsys):
    words = ["plan", str(hamlet), "--out", str(tmp_path / "out"), "--only", "magic"]
    assert "magic" in refused(capsys, *words)


def test_strict_tells_of_an_unmet_gate(hamlet, tmp_path):
    (hamlet / "consent.csv").write_text(
        "community_id,households_eligible,households_participated,households_agreed\n"
        "c1,300,100,90\n",
        encoding="utf-8",
    )
    words = ["plan", str(hamlet), "--out", str(tmp_path / "out"), "--strict"]
    assert cli.main([*words, "--profile", "gansu"]) == 1
    checks = pd.read_csv(tmp_path / "out" / "checks.csv", encoding="utf-8-sig")
    short = checks[(checks["state"] == "short") & (checks["subject_id"] == "c1")]
    assert "GS-2a" in set(short["rule_id"])
    # nobody was asked for anything of the kind: nothing is unmet
    assert cli.main(words) == 0


@pytest.mark.parametrize("text", ["{", "[1]", '{"locked": [["c1", "c2"]]}'])
def test_decisions_that_are_no_scheme_are_refused(hamlet, tmp_path, capsys, text):
    path = tmp_path / "d.json"
    path.write_text(text, encoding="utf-8")
    words = ["plan", str(hamlet), "--out", str(tmp_path / "out"), "--decisions"]
    assert "d.json" in refused(capsys, *words, str(path))
    assert "no.json" in refused(capsys, *words, str(tmp_path / "no.json"))
    assert not (tmp_path / "out").exists()


def test_a_saved_scheme_comes_out_as_it_was_saved(hamlet, tmp_path, capsys):
    out, path = tmp_path / "out", tmp_path / "一.json"
    ids = sorted(pd.read_csv(write_units(hamlet, tmp_path / "first"))["community_id"])
    scheme = make_decisions(name="一", units=[ids[:2]], excluded=[ids[2]])
    write_decisions(scheme, path)
    words = ["plan", str(hamlet), "--out", str(out), "--decisions", str(path)]
    assert cli.main(words) == 0
    units = pd.read_csv(out / "units.csv").set_index("community_id")["unit_id"]
    assert units[ids[0]] == units[ids[1]]
    assert (units == units[ids[2]]).sum() == 1
    kinds = pd.read_csv(out / "unit_summary.csv").set_index("unit_id")["kind"]
    assert kinds[units[ids[0]]] == "drawn"
    assert kinds[units[ids[2]]] == "excluded"
    assert (
        json.loads((out / "summary.json").read_text("utf-8"))["units"]["scheme"] == "一"
    )
    capsys.readouterr()


def write_units(district, out):
    assert cli.main(["plan", str(district), "--out", str(out), "--only", "units"]) == 0
    return out / "units.csv"


@pytest.mark.parametrize(
    "text", ["no_such_setting = 1", "attach_max_m = -1", "attach_max_m = 'x'", "= 1"]
)
def test_bad_settings_are_refused(hamlet, tmp_path, capsys, text):
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    words = [
        "plan",
        str(hamlet),
        "--out",
        str(tmp_path / "out"),
        "--settings",
        str(path),
    ]
    refused(capsys, *words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words", [["--profile", "mars"], ["--crs", "nonsense"], ["--settings", "no.toml"]]
)
def test_bad_options_are_refused(hamlet, tmp_path, capsys, words):
    refused(capsys, "plan", str(hamlet), "--out", str(tmp_path / "out"), *words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [[], ["fly"], ["plan"], ["plan", "x"], ["plan", "x", "--out", "y", "--only", "z"]],
)
def test_wrong_usage_is_refused_in_one_block(capsys, words):
    said = refused(capsys, *words)
    assert "用法不对" in said
    assert "--help" in said


def test_an_output_that_cannot_be_a_folder_is_refused(hamlet, tmp_path, capsys):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        refused(capsys, "plan", str(hamlet), "--out", str(out))
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_is_said_and_leaves_nothing(hamlet, tmp_path, capsys, monkeypatch):
    def fail(*_args, **_options):
        raise OutputError(
            "cannot_write",
            path="out",
            reason_zh="磁盘已满",
            reason_en="the disk is full",
        )

    monkeypatch.setattr(commands, "write_plan", fail)
    said = refused(capsys, "plan", str(hamlet), "--out", str(tmp_path / "out"))
    assert "磁盘已满" in said


# --- stopping ---------------------------------------------------------------------


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), CancelledError("cancelled")])
def test_stopping_says_so_and_exits_with_130(
    hamlet, tmp_path, capsys, monkeypatch, stop
):
    def interrupted(*_args, **_options):
        raise stop

    monkeypatch.setattr(commands, "plan_district", interrupted)
    assert cli.main(["plan", str(hamlet), "--out", str(tmp_path / "out")]) == 130
    assert "已中断" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_ctrl_c_in_the_middle_leaves_nothing(hamlet, tmp_path):
    out = tmp_path / "out"
    start = (
        "import sys; from geo import cli; print('up', flush=True); sys.exit(cli.main())"
    )
    command = [sys.executable, "-c", start, "plan", str(hamlet), "--out", str(out)]
    for wait in (0.0, 2.0):
        run = subprocess.Popen(
            command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert run.stdout.readline() == "up\n"
        time.sleep(wait)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=120)
        assert run.returncode in (0, 130), said
        assert "Traceback" not in said
        if run.returncode:
            assert not out.exists()
            assert [path.name for path in tmp_path.iterdir()] == ["hamlet"]


# --- the module, progress, the app ------------------------------------------------


def test_python_m_geo_is_the_same_program(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "geo", "check", str(tmp_path / "no"), "--lang", "en"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert run.stderr.startswith("Error: ")
    assert run.stdout == ""


def test_progress_on_a_terminal_names_the_stages(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress = commands._make_progress("zh")
    progress("stage.lifecircle", 0.0)
    progress("stage.lifecircle", 0.001)
    progress("stage.lifecircle", 1.0)
    progress("stage.reasons", 0.5)
    commands._end_progress()
    said = capsys.readouterr().err
    assert "测量生活圈   0%" in said
    assert "测量生活圈 100%" in said
    assert said.count("\n") == 2


def test_app_serves_the_district_in_its_language(hamlet, capsys, monkeypatch):
    seen = {}

    def run(command, *, env, check):
        seen.update(command=command, env=env, check=check)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(commands.subprocess, "run", run)
    words = ["app", str(hamlet), "--port", "8600", "--no-browser", "--lang", "en"]
    assert cli.main(words) == 0
    assert seen["env"]["PIANQU_DISTRICT"] == str(hamlet.resolve())
    assert seen["env"]["PIANQU_LANG"] == "en"
    assert seen["command"][1:4] == ["-m", "streamlit", "run"]
    assert Path(seen["command"][4]).name == "app.py"
    assert "--server.port=8600" in seen["command"]
    assert "--server.headless=true" in seen["command"]
    assert "--server.fileWatcherType=none" in seen["command"]
    assert "8600" in capsys.readouterr().out
    monkeypatch.setattr(commands.subprocess, "run", run)
    assert cli.main(["app"]) == 0
    assert seen["env"].get("PIANQU_DISTRICT") == os.environ.get("PIANQU_DISTRICT")


def test_app_refuses_a_district_that_is_not_there(tmp_path, capsys, monkeypatch):
    refused(capsys, "app", str(tmp_path / "no"))
    monkeypatch.setattr(commands, "data_dir", lambda: tmp_path)
    monkeypatch.setattr(commands.geo, "__file__", str(tmp_path / "geo" / "__init__.py"))
    assert "app.py" in refused(capsys, "app")


def test_fetch_hands_over_place_and_folder(tmp_path, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(
        commands, "fetch_district", lambda *words: asked.append(words[:2])
    )
    assert cli.main(["fetch", "吉大街道", str(tmp_path / "jida")]) == 0
    assert asked == [("吉大街道", tmp_path / "jida")]
    assert "jida" in capsys.readouterr().out
