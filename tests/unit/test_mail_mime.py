"""The pure reading of mails: heads, parts, character sets, and what a head says of its sender."""

import base64
import importlib.util
import time
import tracemalloc
from pathlib import Path

import pytest

COMMON = Path(__file__).parents[2] / "patient_care_coordination/models/common"


def load(name):
    spec = importlib.util.spec_from_file_location(name, COMMON / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mime, heads = load("mail_mime"), load("mail_headers")


def getter(**headers):
    headers = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return lambda name: [headers[name]] if name in headers else []


@pytest.mark.parametrize(
    ("headers", "automatic", "answer"),
    [
        ({}, False, True),
        ({"Auto_Submitted": "no"}, False, True),
        ({"Auto_Submitted": "auto-replied; x=y"}, True, False),
        ({"Precedence": "list"}, False, False),
        ({"Precedence": "bulk"}, True, False),
        ({"Precedence": "bulk", "List_Id": "<x.example>"}, False, False),
        ({"Precedence": "auto-reply"}, True, False),
        ({"Precedence": "auto_reply"}, True, False),
        ({"X_Auto_Response_Suppress": "DR, RN"}, False, True),
        ({"X_Auto_Response_Suppress": "OOF, AutoReply"}, True, False),
        ({"X_Auto_Reply": "yes"}, True, False),
        ({"X_Mail_Autoreply": "yes"}, True, False),
        ({"X_Autoreply": "no"}, False, True),
        ({"List_Id": "<x.example>"}, False, False),
    ],
)
def test_automatic_and_answerable_are_two_questions(headers, automatic, answer):
    assert heads.is_automatic(getter(**headers)) is automatic
    assert heads.may_answer(getter(**headers)) is answer


def test_who_reads_no_replies():
    for address in ("noreply@x.example", "web-no-reply@x.example", "donotreply@x.example"):
        assert heads.is_no_reply(address)
    for address in ("anno.reply@x.example", "renoreplyx@x.example", "pat@noreply.example"):
        assert not heads.is_no_reply(address)


@pytest.mark.parametrize(
    ("content_type", "delimiter"),
    [
        ("boundary=----=_Part_1", b"----=_Part_1"),
        ("boundary=b'1", b"b'1"),
        ("boundary='b1'", b"'b1'"),
        ('boundary="b 1"', b"b 1"),
        ('boundary="b1', b"b1"),
    ],
)
def test_boundaries_however_they_are_written(content_type, delimiter):
    raw = b"Content-Type: multipart/mixed; %s\r\n\r\n--%s\r\n\r\nCold soup\r\n--%s--\r\n"
    mail = mime.Mail(raw % (content_type.encode(), delimiter, delimiter))
    assert mail.texts == [("plain", "Cold soup")]


def test_an_empty_page_beside_a_text_is_not_the_text():
    raw = (
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nCold soup\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<html><body>&nbsp;</body></html>\r\n--b--\r\n"
    )
    assert mime.Mail(raw).texts == [("plain", "Cold soup")]


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 200_000,
        b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n"
        + b"".join(
            b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1)
            for n in range(15_000)
        ),
        b"Content-Type: text/html\r\n\r\n" + b"<" * 1_000_000,
        b"Content-Type: text/html\r\n\r\n" + b"<a " * 300_000,
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 200_000,
        b"Subject: " + b"=?utf-8?q?" * 100_000 + b"\r\n\r\nx",
        b"From: " + b"(" * 1_000_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain; name=" + b'\\"' * 500_000 + b"\r\n\r\nx",
    ],
)
def test_a_megabyte_is_read_in_linear_time(raw):
    # Ten times what it takes: the ways that grow with the square took minutes.
    start = time.process_time()
    mail = mime.Mail(raw)
    mail.head("<x@y>")
    mail.digest()
    assert time.process_time() - start < 10


def test_a_report_names_whom_a_mail_did_not_reach():
    report = (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        b"Final-Recipient: rfc822; a@x.example\r\nAction: %s\r\nStatus: 5.1.1\r\n"
        b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-Id: <ours@x.example>\r\n--b--"
    )
    mail = mime.Mail(report % b"failed")
    assert mail.is_report()
    assert mail.failed() == ["a@x.example"]
    assert mail.returned_ids() == ["<ours@x.example>"]
    assert mime.Mail(report % b"delayed").failed() == []
    assert mail.is_report_alone()
    beside = report[:-5] + b"--b\r\nContent-Type: text/plain\r\n\r\nCold soup\r\n--b--"
    assert not mime.Mail(beside % b"failed").is_report_alone()
    assert not mime.Mail(report.replace(b"Final-R", b"R") % b"failed").is_report()


def test_the_head_of_a_returned_mail_in_the_text():
    mail = mime.Mail(b"From: a@x.example\r\n\r\nReturned:\r\n> Message-ID: <ours@x.example>\r\n")
    assert mail.quoted_ids() == ["<ours@x.example>"]


def test_a_film_is_read_in_a_few_times_its_size():
    film = bytes(range(256)) * 4 * 4096
    raw = b"Content-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw += base64.encodebytes(film)
    tracemalloc.start()
    mail = mime.Mail(raw)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert mail.files[0][1] == film
    assert peak < 8 * len(raw)
