"""The frame of the command line: help, usage errors, exit codes, JSON."""
import json
import subprocess

import pytest


def test_version_and_help(weir):
    assert weir("--version").out.startswith("weir ")
    help_text = weir("--help").out
    for word in ("db", "--database-url", "WEIR_HOME", "Exit codes"):
        assert word in help_text
    assert "embedded-guard" not in help_text


@pytest.mark.parametrize("args", [(), ("db",), ("db", "url", "extra"), ("dbb",), ("--jsno", "db", "url"), ("db", "roles", "--database", "x")])
def test_wrong_usage_says_what_to_do_and_exits_2(weir, args, new_home):
    home = new_home()
    answer = weir(*args, home=home)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("weir: ") and "--help" in answer.err
    assert not home.exists()


def test_a_misspelt_word_is_guessed(weir):
    assert "did you mean db?" in weir("dbb").err
    assert "did you mean --json?" in weir("--jsno", "db", "url").err


def test_errors_are_objects_with_json(weir):
    for args in (("--json", "dbb"), ("db", "url", "--database-url", "nonsense", "--json")):
        error = json.loads(weir(*args).err)
        assert error["code"] in ("usage", "configuration") and error["message"]


def test_every_verb_has_examples_in_its_help(weir):
    def commands(path):
        text = weir(*path, "--help").out
        if "Commands:" not in text:
            yield path, text
            return
        for line in text.split("Commands:")[1].split("\n\n")[0].splitlines():
            if line.startswith("  ") and line[2] != " ":
                yield from commands([*path, line.split()[0]])

    found = list(commands([]))
    assert len(found) >= 6
    for path, text in found:
        assert "Examples:" in text, path


def test_the_bash_completion_completes(weir):
    script = weir("completion", "bash").out
    done = subprocess.run(
        ["bash", "-c", script + '\nCOMP_WORDS=(weir db st); COMP_CWORD=2; _weir; echo "${COMPREPLY[@]}"'],
        capture_output=True, text=True, check=True,
    )
    assert done.stdout.split() == ["status", "stop"]


@pytest.mark.parametrize("words, offered", [
    ("pipeline add acme nightly --gap ''", "after skip"),
    ("pipeline add acme nightly --overlap ''", "first both"),
    ("key create name --scope ''", "admin tenant:read tenant:write"),
    ("serve --roles ''", "api scheduler worker"),
    ("serve --roles api,", "api,api api,scheduler api,worker"),
    ("serve --roles worker,s", "worker,scheduler"),
])
def test_the_bash_completion_offers_the_words_of_an_option(weir, words, offered):
    script = weir("completion", "bash").out
    count = len(words.split())
    done = subprocess.run(
        ["bash", "-c", f'{script}\nCOMP_WORDS=(weir {words}); COMP_CWORD={count}; _weir; echo "${{COMPREPLY[@]}}"'],
        capture_output=True, text=True, check=True,
    )
    assert done.stdout.strip() == offered


def test_an_output_that_cannot_be_written_is_no_success(weir):
    with open("/dev/full", "w") as full:
        done = subprocess.run([str(weir.binary), "--version"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0 and "could not be written" in done.stderr
