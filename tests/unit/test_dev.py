"""The script ./dev and the programs it runs on files: arguments, sentences, rows."""

import argparse
import contextlib
import errno
import importlib.util
import os
import shutil
import socket
import sys
import threading
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


def external(monkeypatch, tmp_path, host, port):
    """The environment names a server; nothing is written but below a temporary folder."""
    monkeypatch.setenv("PGHOST", host)
    monkeypatch.setenv("PGPORT", str(port))
    monkeypatch.setenv("PGUSER", "odoo")
    monkeypatch.setattr(dev, "PYTHON", sys.executable)
    monkeypatch.setattr(dev, "DEV", tmp_path / ".dev")


def test_a_server_that_is_not_there_is_one_sentence(monkeypatch, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        external(monkeypatch, tmp_path, "127.0.0.1", port)
        with pytest.raises(dev.Failure, match=f"127.0.0.1:{port} cannot be used.*check PGHOST"):
            dev.Postgres()


def test_a_wrong_password_is_one_sentence(monkeypatch, tmp_path):
    """A server that refuses, in PostgreSQL's protocol."""
    fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user odoo\0\0"
    refusal = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            with contextlib.suppress(OSError):
                while True:
                    client, _address = server.accept()
                    with client:
                        asks = client.recv(1024)
                        if asks[4:8] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):
                            client.sendall(b"N")  # neither SSL nor GSSAPI
                            asks = client.recv(1024)
                        client.sendall(refusal)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        external(monkeypatch, tmp_path, "127.0.0.1", server.getsockname()[1])
        with pytest.raises(dev.Failure, match="password authentication failed.*PGPASSWORD"):
            dev.Postgres()
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT])
def test_what_cannot_be_written_is_one_sentence(number, monkeypatch, capsys):
    def fail(_options):
        raise OSError(number, os.strerror(number), "/somewhere/.dev")

    monkeypatch.setattr(dev, "parse", lambda: types.SimpleNamespace(call=fail))
    assert dev.main() == 1
    said = capsys.readouterr().err.strip()
    assert said == f"./dev: It cannot go on at /somewhere/.dev: {os.strerror(number)}."


def test_a_full_disk_below_a_program_is_one_sentence(capfd):
    program = "print('Traceback ...'); exit('OSError: [Errno 28] No space left on device')"
    with pytest.raises(dev.Failure, match="could not be installed: no space left on device"):
        dev.run([sys.executable, "-c", program], "Odoo could not be installed.")
    assert "Traceback" not in capfd.readouterr().err


def test_servers_keep_their_files_apart(monkeypatch, tmp_path):
    monkeypatch.setattr(dev.Postgres, "sql", lambda *_args, **_options: [])
    seen = set()
    for host, port in (("db.example", 5432), ("db.example", 5433), ("/run/postgresql", 5432)):
        external(monkeypatch, tmp_path, host, port)
        seen.add(dev.Postgres().files)
    assert len(seen | {tmp_path / ".dev" / "data"}) == 4
    assert all(files.parent == tmp_path / ".dev" for files in seen)


def test_files_that_are_left_do_not_stop_a_new_template(tmp_path):
    shop = dev.Workshop.__new__(dev.Workshop)
    shop.postgres = types.SimpleNamespace(files=tmp_path, sql=lambda _statement: [])
    for name in ("old", "new"):
        (tmp_path / "filestore" / name / name).mkdir(parents=True)
    shop._rename("old", "new")
    assert [path.name for path in (tmp_path / "filestore" / "new").iterdir()] == ["old"]


def half_made(monkeypatch, tmp_path):
    """An environment whose Python was never finished, with a server's folder elsewhere."""
    monkeypatch.setattr(dev, "DEV", tmp_path / ".dev")
    monkeypatch.setattr(dev, "VENV", tmp_path / ".dev" / "venv")
    (tmp_path / ".dev" / "venv").mkdir(parents=True)
    (tmp_path / "server" / "data").mkdir(parents=True)
    (tmp_path / ".dev" / "postgres-place").write_text(str(tmp_path / "server"))


def test_clean_of_a_half_made_environment(monkeypatch, tmp_path, capsys):
    half_made(monkeypatch, tmp_path)
    assert dev.command_clean(None) == 0
    assert not list(tmp_path.iterdir())
    assert "Removed" in capsys.readouterr().out
    assert dev.command_clean(None) == 0, "there is nothing to remove"


def test_clean_says_what_it_could_not_remove(monkeypatch, tmp_path, capsys):
    half_made(monkeypatch, tmp_path)
    monkeypatch.setattr(shutil, "rmtree", lambda *_args, **_options: None)
    with pytest.raises(dev.Failure, match="could not be removed"):
        dev.command_clean(None)
    assert "Removed" not in capsys.readouterr().out


def test_clean_stops_no_server_of_another_folder(monkeypatch, tmp_path):
    half_made(monkeypatch, tmp_path)
    pid = tmp_path / "server" / "data" / "postmaster.pid"
    pid.write_text(f"{os.getpid()}\n/somewhere/else\n")
    monkeypatch.setattr(os, "kill", lambda *_args: pytest.fail("it stopped another server"))
    assert dev.command_clean(None) == 0


def test_a_port_is_checked_before_anything_is_said(monkeypatch, capsys):
    monkeypatch.setattr(dev, "Workshop", lambda: pytest.fail("it began all the same"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        options = dev.parse(["demo", "--port", str(server.getsockname()[1])])
        with pytest.raises(dev.Failure, match="is taken"):
            options.call(options)

    class Forbidden(socket.socket):
        def bind(self, address):
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "socket", Forbidden)
    options = dev.parse(["demo", "--port", "80"])
    with pytest.raises(dev.Failure, match="Port 80 is for the administrator"):
        options.call(options)
    assert "Open" not in capsys.readouterr().out


def test_the_suites_of_others_are_known():
    with pytest.raises(dev.Failure, match="No suite is called nothing: choose of helpdesk_mgmt"):
        dev.peers.main(["nothing"], None, ROOT, "python", dev.Failure, "addon")
    assert all(reason.strip() for reason in dev.peers.exceptions().values())
