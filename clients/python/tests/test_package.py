"""What is committed and built: types of the schema, each behaviour proven, a wheel that installs, examples that run."""

import ast
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

import linkband
from conftest import PACKAGE, ROOT

TESTS = pathlib.Path(__file__).resolve().parent
ADDRESS = "AA:BB:CC:DD:EE:FF"


def python(*arguments, **more):
    env = {**os.environ, "PYTHONPATH": str(PACKAGE), **more.pop("env", {})}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=300, env=env, **more)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_the_generated_types_are_those_of_the_schema():
    python(PACKAGE / "generate", "--check")


def test_each_command_of_the_daemon_is_a_method_with_its_parameters(daemon):
    import inspect
    with linkband.Band(daemon.url) as band:
        info = band.get_server_info()
        for command in info["commands"]:
            for kind in (linkband.Band, linkband.AsyncBand):
                names = [name for name in inspect.signature(getattr(kind, command)).parameters if name != "self"]
                assert sorted(names) == sorted(info["parameters"][command])


def test_each_behaviour_is_proven_and_each_proof_names_one():
    behaviours = [one["id"] for one in json.loads((PACKAGE.parent / "behaviours.json").read_text())]
    proven = set()
    for file in TESTS.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "proves":
                proven |= {argument.value for argument in node.args}
    assert len(set(behaviours)) == len(behaviours) and proven == set(behaviours)


def test_what_the_package_exports_is_meant():
    assert sorted(linkband.__all__) == [
        "AnyEvent", "AsyncBand", "Band", "Block", "CommandError", "ConnectionLost", "DEFAULT_URL", "Error",
        "NotReachable", "Queue", "Rejected", "Session", "SessionError", "Stream", "connect", "read_session"]
    assert all(hasattr(linkband, name) for name in linkband.__all__)


def test_the_wheel_installs_and_imports(tmp_path):
    pytest.importorskip("build", reason="not installed: python3-build")
    source = tmp_path / "source"
    subprocess.run(["cp", "-r", PACKAGE, source], check=True)
    python("-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path, source, cwd=tmp_path,
           env={"PYTHONPATH": ""})
    [wheel] = tmp_path.glob("linkband-*.whl")
    python("-m", "venv", "--system-site-packages", "--without-pip", tmp_path / "venv", env={"PYTHONPATH": ""})
    inside = tmp_path / "venv" / "bin" / "python3"
    python("-m", "pip", "--python", inside, "install", "-q", "--no-deps", "--no-index", wheel, env={"PYTHONPATH": ""})

    def run(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path,
                              env={"PATH": os.environ["PATH"]}).stdout

    where = run(inside, "-c", "import linkband, linkband.ctl; print(linkband.__file__)")
    assert where.startswith(str(tmp_path / "venv"))
    assert (pathlib.Path(where.strip()).parent / "py.typed").exists()
    assert "linkbandctl" in run(tmp_path / "venv" / "bin" / "linkbandctl", "--help")
    assert "linkbandctl" in run(inside, "-m", "linkband", "--help")
    for name in ("lsl", "osc"):
        assert f"linkband-{name}" in run(tmp_path / "venv" / "bin" / f"linkband-{name}", "--help")


def test_the_readme_s_scripts_run_as_printed(daemon):
    scripts = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.S)
    assert len(scripts) == 3
    scripts.remove(next(script for script in scripts if "read_session" in script))  # test_session.py has its calls
    for script in scripts:
        there = re.sub(r"linkband\.(connect|Band)\(\)", rf'linkband.\1("{daemon.url}")', script)
        assert there != script and python("-c", there).split()


def test_the_readme_s_shell_lines_run_as_printed(daemon, tmp_path):
    lines, _ = re.findall(r"```sh\n(.*?)```", (PACKAGE / "README.md").read_text(), re.S)  # the bridges don't end
    (tmp_path / "linkbandctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m linkband "$@"\n')
    (tmp_path / "linkbandctl").chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(PACKAGE),
           "LINKBAND_URL": daemon.url}
    done = subprocess.run(["bash", "-ec", lines], capture_output=True, text=True, timeout=300, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "eeg.csv").read_text().splitlines()) == 501
    [folder] = [path for path in tmp_path.iterdir() if path.name.endswith("_rest")]
    assert {"session.json", "eeg.csv", "session.bdf"} <= {path.name for path in folder.iterdir()}


def test_types_and_style_hold():
    pytest.importorskip("mypy", reason="not installed: python3-mypy")
    pytest.importorskip("flake8", reason="not installed: python3-flake8")
    python("-m", "mypy", "--cache-dir", os.devnull, cwd=PACKAGE, env={"PYTHONPATH": ""})
    python("-m", "flake8", "linkband", "generate", "tests", "examples", ROOT / "docs" / "examples",
           cwd=PACKAGE)


def test_the_man_page_and_the_completion_name_every_subcommand():
    from linkband.ctl import parser
    page = (PACKAGE / "man" / "linkbandctl.1").read_text()
    completion = (PACKAGE / "completion" / "linkbandctl").read_text()
    [subcommands] = [action for action in parser()._actions if getattr(action, "choices", None)]
    for name, one in subcommands.choices.items():
        assert re.search(rf"^\.B {name}\b", page, re.M) and re.search(rf"\b{name}\b", completion)
        for action in one._actions:
            for option in action.option_strings:
                if option not in ("-h", "--help"):
                    assert option.replace("-", "\\-") in page and option in completion
    done = subprocess.run(["man", "--warnings", "-l", "-Tutf8", PACKAGE / "man" / "linkbandctl.1"], capture_output=True,
                          text=True) if os.path.exists("/usr/bin/man") else None
    assert done is None or done.stderr == ""
    assert ROOT.joinpath("README.md").read_text().count("clients/python") >= 1


@pytest.mark.parametrize("name", ["lsl", "osc"])
def test_the_man_pages_of_the_bridges_name_every_option(name):
    import importlib
    page = (PACKAGE / "man" / f"linkband-{name}.1").read_text()
    for action in importlib.import_module(f"linkband.{name}").parser()._actions:
        for option in action.option_strings:
            assert option in ("-h", "--help") or option.replace("-", "\\-") in page, option


@pytest.mark.parametrize("line, found", [
    ("linkbandctl st", "status stream"), ("linkbandctl record st", "start stop status"),
    ("linkbandctl --url ws://x/ws recordings g", "get"), ("linkbandctl stream --sensors p", "ppg"),
    ("linkbandctl wait -W 3 str", "streaming"), ("linkbandctl stream --c", "--csv")])
def test_bash_completes(line, found):
    words = line.split()
    script = f"""
. {PACKAGE}/completion/linkbandctl
COMP_WORDS=({line}) COMP_CWORD={len(words) - 1}
_linkbandctl
echo "${{COMPREPLY[@]}}"
"""
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.strip() == found
