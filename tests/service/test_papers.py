"""Manual pages, completion and what is installed keep up with the program's own table of options."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKBANDD = os.environ.get("LINKBANDD", str(ROOT / "build" / "linkbandd"))


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def in_file():
    """Options of the configuration file and their arguments."""
    keys = re.findall(r"^#?([a-z-]+) = ", output(LINKBANDD, "--print-config"), re.M)
    assert len(keys) > 10 and len(set(keys)) == len(keys)
    return keys


def in_help():
    """Options of the command line and their arguments, "" where there is none."""
    found = dict(re.findall(r"^  --([a-z-]+)(?: (\S+))?", output(LINKBANDD, "--help"), re.M))
    assert set(in_file()) < set(found)
    return found


def page(name):
    """A manual page's entries: option and argument."""
    text = (ROOT / "docs/man" / name).read_text().replace("\\-", "-")
    entries = re.findall(r'^\.TP\n\.BR? (?:--)?([a-z-]+)(?: " =? ?(.*?)")?$', text, re.M)
    assert len(dict(entries)) == len(entries), "an option is explained twice"
    return dict(entries)


def test_the_file_s_page_explains_each_of_its_options():
    arguments = in_help()
    expected = {key: arguments[key].replace("…", "...") or "yes|no" for key in in_file()}
    assert page("linkbandd.conf.5") == expected


def test_the_file_s_page_says_what_a_reload_takes():
    text = (ROOT / "docs/man/linkbandd.conf.5").read_text().replace("\\-", "-")
    marked = set(re.findall(r'^\.TP\n\.BR ([a-z-]+) .*\n\.I reload\.$', text, re.M))
    source = (ROOT / "src/app/options.c").read_text()
    assert marked == set(re.findall(r'(?:OPTION|VALUE)\("([a-z-]+)", [^,]+, RELOADS\b', source))


def test_the_program_s_page_explains_the_others():
    entries = page("linkbandd.8")
    for name, argument in in_help().items():
        assert name in in_file() or entries.get(name) == argument, name


@pytest.mark.parametrize("name", ["linkbandd.8", "linkbandd.conf.5"])
def test_pages_are_well_formed(name):
    if not shutil.which("groff"):
        pytest.skip("no groff on this machine")
    done = subprocess.run(["groff", "-man", "-ww", "-z", ROOT / "docs/man" / name],
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def complete(*words):
    """What bash offers for the last word."""
    script = f"""
        _init_completion() {{ words=("${{COMP_WORDS[@]}}"); cword=$COMP_CWORD; cur=${{words[cword]}}; prev=${{words[cword-1]}}; }}
        _filedir() {{ COMPREPLY=(a-file); }}
        source {ROOT}/systemd/completions/linkbandd
        COMP_WORDS=({' '.join(f"'{w}'" for w in ('linkbandd', *words))}); COMP_CWORD={len(words)}
        _linkbandd {LINKBANDD} && printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return output("bash", "-c", script).split()


def test_completion_offers_every_option_and_every_value():
    options = in_help()
    assert set(complete("--")) == {f"--{name}" for name in options}
    for name, argument in options.items():
        if "|" in argument and argument.lower() == argument:
            assert set(complete(f"--{name}", "")) == set(argument.split("|")), name
    assert complete("--backend", "r") == ["replay"]
    assert complete("--config", "") == ["a-file"]
    assert complete("pro") == ["process"]
    assert complete("process", "") == ["a-file"]


def test_install_puts_everything_in_its_place(tmp_path):
    build = pathlib.Path(LINKBANDD).parent
    if not (build / "cmake_install.cmake").exists():
        pytest.skip(f"{build} is no build directory")
    subprocess.run(["cmake", "--install", build, "--prefix", "/usr"], check=True, timeout=60,
                   env={**os.environ, "DESTDIR": str(tmp_path)}, capture_output=True)
    for name in ("usr/bin/linkbandd", "usr/lib/systemd/system/linkbandd.service",
                 "usr/lib/systemd/system/linkbandd.socket", "usr/lib/sysusers.d/linkbandd.conf",
                 "usr/share/man/man8/linkbandd.8", "usr/share/man/man5/linkbandd.conf.5",
                 "usr/share/bash-completion/completions/linkbandd",
                 "usr/share/doc/linkbandd/examples/lan/linkbandd.service.conf"):
        assert (tmp_path / name).is_file(), name
    assert output(tmp_path / "usr/bin/linkbandd", "--version").startswith("linkbandd ")
