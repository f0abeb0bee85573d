"""The script ./dev and the programs it runs on files: arguments, sentences, rows."""

import argparse
import importlib.util
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAD = "comment_id,date,service,text\n"


def load_script(path):
    """A program as a module, without the byte code that an import leaves beside it."""
    module = types.ModuleType(path.stem)
    module.__file__ = str(path)
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    return module


def load_bench(name):
    path = ROOT / "tests" / "bench" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"care_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


dev = load_script(ROOT / "dev")
eval_routing = load_bench("eval_routing")
inbox = load_bench("inbox")


@pytest.mark.parametrize(
    "arguments",
    [["-k", "foo"], ["-x"], ["tests/unit", "-x", "-k", "not slow"], ["--lf"], []],
)
def test_pytest_gets_its_arguments_in_order(arguments):
    assert dev.parse(["test", *arguments]).pytest == arguments


@pytest.mark.parametrize(
    "arguments",
    [
        ["lint", "-x"],
        ["demo", "--port", "0"],
        ["demo", "--port", "99999"],
        ["inbox", "a.csv", "--limit", "-1"],
        [],
    ],
)
def test_wrong_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        dev.parse(arguments)
    assert "error:" in capsys.readouterr().err


def test_only_places_below_tests_are_test_paths():
    assert dev.is_test_path("tests/unit/test_dev.py::test_x")
    assert dev.is_test_path("tests")
    for part in ("dev", "README.md", "tests/nowhere", "-x", "."):
        assert not dev.is_test_path(part), part


def test_every_command_and_option_says_what_it_is():
    parser = dev.make_parser()
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    assert len(commands.choices) >= 8
    for name, command in commands.choices.items():
        assert command.description, name
        for action in command._actions:
            assert action.help, f"{name} {action.dest}"


class NoServer:
    """A database server without databases."""

    def exists(self, name):
        return False


def test_unknown_database_is_one_sentence():
    shop = dev.Workshop.__new__(dev.Workshop)
    shop.postgres = NoServer()
    with pytest.raises(dev.Failure, match="no database nope"):
        shop.database("nope")


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["shell", "/nonexist.py"], "no script /nonexist.py"),
        (["shell", "/"], "no script /"),
        (["inbox", "/nonexist.csv"], "no file /nonexist.csv"),
    ],
)
def test_missing_file_is_one_sentence(arguments, sentence):
    options = dev.parse(arguments)
    with pytest.raises(dev.Failure, match=sentence):
        options.call(options)


@pytest.mark.parametrize(
    "names, sentence",
    [((), "^There are no benchmarks yet"), (("bench_a.py", "bench_b.py"), "a or b")],
)
def test_unknown_benchmark(names, sentence, tmp_path, monkeypatch):
    folder = tmp_path / "tests" / "bench"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    options = dev.parse(["bench", "x"])
    with pytest.raises(dev.Failure, match=sentence):
        options.call(options)


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"", "it has no column text and no column themes"),
        (b"text,themes\n", "it has no comments"),
        (b"text,themes\nfine,Timeliness of care\nshort\n", "begins on line 3 has too few columns"),
        (b'text,themes\n"a\nb",x\n"open,x\n', "begins on line 4 is no CSV"),
        (b"text,themes\n\xff,x\n", "it is not UTF-8 text"),
        (None, "No such file"),
    ],
)
def test_eval_routing_says_one_sentence(content, sentence, tmp_path, capsys):
    path = tmp_path / "c.csv"
    if content is not None:
        path.write_bytes(content)
    assert eval_routing.main([str(path)]) == 1
    printed = capsys.readouterr().err
    assert sentence in printed
    assert printed.count("\n") == 1 and printed.count(str(path)) == 1


def read(tmp_path, text):
    """``(line, text or None)`` of each row of an inbox file."""
    path = tmp_path / "inbox.csv"
    path.write_text(HEAD + text)
    return [(line, row and row["text"]) for line, row in inbox.read_rows(str(path))]


def test_inbox_reads_fields_of_several_lines(tmp_path):
    assert read(tmp_path, '1,d,s,"one\ntwo"\n\n2,d,s,"say ""hello"""\n') == [
        (2, "one\ntwo"),
        (5, 'say "hello"'),
    ]


@pytest.mark.parametrize("text", ["plain", '"quoted, text"', '"one\ntwo"'])
def test_inbox_open_quote_swallows_no_row(tmp_path, text):
    rows = read(tmp_path, f'1,d,s,fine\n2,d,s,"open\n3,d,s,{text}\n4,d,s,last\n')
    assert rows[:2] == [(2, "fine"), (3, None)]
    assert rows[2] == (4, text.strip('"'))
    assert rows[-1][1] == "last"
    assert inbox.refusal(None, {}) == "no CSV: look for a quote that is opened and not closed"


def test_inbox_open_quote_in_the_last_row(tmp_path):
    assert read(tmp_path, '1,d,s,fine\n2,d,s,"cut o') == [(2, "fine"), (3, None)]


def test_inbox_keeps_rows_with_stray_quotes(tmp_path):
    rows = read(tmp_path, '1,d,s,"they said "no" to me"\n2,d,s,a "word" inside\n')
    assert [line for line, _text in rows] == [2, 3]
    assert rows[0][1].replace('"', "") == "they said no to me"
    assert rows[1][1] == 'a "word" inside'
