"""Every public method of ours, called by every role with what no page sends."""

import inspect
import json
import math
import random
import zlib
from collections import Counter
from pathlib import Path

from lxml import etree
from psycopg2 import IntegrityError

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw, get_public_method
from odoo.tests import tagged
from odoo.tools import file_path, mute_logger

from ..attack import record, size
from ..common import MODULE, CareCommon

OURS = f"odoo.addons.{MODULE}."
# What no form of ours writes as plain values.
LEFT_OUT = ("binary", "properties", "json", "reference")
# Of what a rule of the database refuses the server makes a ValidationError.
SENTENCES = (UserError, IntegrityError)
HOSTILE = [
    None,
    False,
    True,
    [],
    {},
    "",
    "a",
    "a\x00b",
    "\ud800",
    "x" * 100_000,
    -1,
    0,
    10**12,
    1.5,
    math.nan,
    math.inf,
    [[1], [2]],
    [None],
    ["a"],
    {"a": {"b": []}},
    [1, 1],
    "1' OR '1'='1",
]
IDS = [[], [0], [-1], [10**12], ["a"], [1, 1], [None], [[1]], [1.5], [True], "a", 10**12]
ROLES = (
    "coordinator supervisor responder routing_admin clerk privacy_officer manager agent employee "
    "relative"
).split()


def ours(env):
    """The public methods that our classes define and nobody below us does: (model, name)."""
    found = []
    for model_name in sorted(env.registry):
        model = env[model_name]
        for name in sorted(set(dir(type(model)))):
            if name.startswith("_"):
                continue
            definers = [
                cls.__module__
                for cls in type(model).__mro__
                if name in vars(cls) and cls is not type(model)
            ]
            function = inspect.getattr_static(type(model), name)
            if not definers or not inspect.isfunction(function):
                continue
            if not all(place.startswith(OURS) for place in definers):
                continue
            try:
                get_public_method(model, name)
            except AccessError:
                continue
            found.append((model_name, name))
    return found


def buttons(env):
    """What the buttons of all views call: ``{model: names}``."""
    names = {}

    def walk(node, model):
        for child in node.iterchildren("*"):
            if child.tag == "button" and child.get("type") == "object":
                names.setdefault(model._name, set()).add(child.get("name"))
            elif child.get("action") and child.get("type") == "object":
                names.setdefault(model._name, set()).add(child.get("action"))
            field = model._fields.get(child.get("name")) if child.tag == "field" else None
            # Beside a field, not inside it: an inherited view says where its nodes go.
            inside = field is not None and field.relational and not child.get("position")
            walk(child, env[field.comodel_name] if inside else model)

    for view in env["ir.ui.view"].with_context(active_test=False).search([("model", "!=", False)]):
        if view.model in env:
            holder = etree.Element("view")
            holder.append(etree.fromstring(view.arch))
            walk(holder, env[view.model])
    return names


def written(pattern):
    """The text of our files of this pattern."""
    return " ".join(path.read_text() for path in Path(file_path(MODULE)).glob(pattern))


@tagged("standard", "post_install", "-at_install")
class TestAttackMethods(CareCommon):
    """A sentence or a proper result, never a traceback; after a refusal nothing is changed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inquiry = cls.make_inquiry(care_patient_id=cls.patient.id)
        cls.kitchen = cls.make_inquiry(team_id=cls.catering.id)
        cls.methods = ours(cls.env)

    def targets(self, model_name):
        """Ids to call a method with: hostile ones, and some that are."""
        model = self.env[model_name]
        there = []
        if not model._abstract and model._auto is not False:
            there = model.sudo().with_context(active_test=False).search([], limit=2).ids
        return [*IDS, *([there[:1], there] if there else [])]

    def arguments(self, method, hostile):
        """Positional arguments that bind to the method, every one of them hostile."""
        parameters = list(inspect.signature(method).parameters.values())[1:]
        return [
            hostile for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]

    def calls(self):
        """(role, model, method, arguments), the same in every run."""
        for model_name, name in self.methods:
            method = get_public_method(self.env[model_name], name)
            is_model = getattr(method, "_api_model", False)
            ids = [None] if is_model else self.targets(model_name)
            takes = bool(self.arguments(method, None))
            values = HOSTILE if takes else [None]
            every = [(role, one, value) for role in ROLES for one in ids for value in values]
            wanted = size(3, min(len(every), 40 * len(ROLES)))
            # Drawn by the name of the method, so that another method changes nothing here.
            chance = random.Random(zlib.crc32(f"{model_name}.{name}".encode()))
            for role, one, value in chance.sample(every, min(wanted, len(every))):
                arguments = self.arguments(method, value)
                yield role, model_name, name, arguments if is_model else [one, *arguments]

    def attack(self, role, model_name, name, arguments):
        """``result``, ``refused`` or the error that is no sentence."""
        model = self.env[model_name].with_user(self.people[role])
        try:
            with self.env.cr.savepoint():
                json.dumps(call_kw(model, name, arguments, {}), default=str)
                self.env.flush_all()
                raise _Undo
        except _Undo:
            return "result"
        except SENTENCES as error:
            self.assertTrue(str(error).strip())
            return "refused"
        except Exception as error:  # noqa: BLE001 what is counted here
            return f"{type(error).__name__}: {str(error)[:120]}"
        finally:
            self.env.invalidate_all()
            self.env.clear()

    def test_public_methods_answer_with_sentences(self):
        self.assertGreater(len(self.methods), 150)
        counts, failed = Counter(), {}
        with mute_logger("odoo.sql_db", "odoo.models", "odoo.addons.base.models.ir_rule"):
            for role, model_name, name, arguments in self.calls():
                answer = self.attack(role, model_name, name, arguments)
                counts[answer if answer in ("result", "refused") else "traceback"] += 1
                if answer not in ("result", "refused"):
                    failed.setdefault(f"{model_name}.{name}", f"{role} {arguments!r:.80} {answer}")
        record(tried=counts.total(), refused=counts["refused"], tracebacks=counts["traceback"])
        self.assertFalse(failed, "\n".join(f"{key}: {value}" for key, value in failed.items()))

    def test_pages_call_every_public_method(self):
        """What no view, script or action calls is private; what they call says sentences."""
        views, scripts = buttons(self.env), written("static/src/**/*.js")
        actions = written("views/**/*.xml") + written("data/**/*.xml")
        # The scanning screen calls what an answer of ours tells it.
        answers = written("models/**/*.py")
        idle, unguarded = [], []
        for model_name, name in self.methods:
            family = [
                other
                for other, names in views.items()
                if name in names and issubclass(type(self.env[other]), type(self.env[model_name]))
            ]
            spoken = f'"{name}"' in scripts or f'"method": "{name}"' in answers
            if not family and not spoken and f".{name}(" not in actions:
                idle.append(f"{model_name}.{name}")
            method = get_public_method(self.env[model_name], name)
            if not getattr(method, "_care_from_page", False):
                unguarded.append(f"{model_name}.{name}")
        self.assertFalse(idle)
        self.assertFalse(unguarded)


class _Undo(Exception):
    """Takes back what a call did that was let through."""


@tagged("standard", "post_install", "-at_install")
class TestAttackValues(CareCommon):
    """What the base's own doors of our models take in and search for."""

    def concrete(self):
        return [
            self.env[name]
            for name in sorted(self.env.registry)
            if name.startswith("care.") and not self.env[name]._abstract and self.env[name]._auto
        ]

    def outcome(self, call):
        try:
            with self.env.cr.savepoint():
                call()
                self.env.flush_all()
                raise _Undo
        except _Undo:
            return "result"
        except SENTENCES:
            return "refused"
        except Exception as error:  # noqa: BLE001 what is counted here
            return f"{type(error).__name__}: {str(error)[:120]}"
        finally:
            self.env.invalidate_all()
            self.env.clear()

    def tries(self):
        """(label, call): create, write, onchange and search with hostile values of each field."""
        supervisor = self.people["supervisor"]
        for model in self.concrete():
            mine = model.with_user(supervisor)
            some = model.sudo().search([], limit=1)
            for name, field in sorted(model._fields.items()):
                if (
                    field.type in ("binary", "properties", "json", "reference")
                    or name in models.MAGIC_COLUMNS
                ):
                    continue
                chance = random.Random(zlib.crc32(f"{model._name}.{name}".encode()))
                for value in chance.sample(HOSTILE, size(1, len(HOSTILE))):
                    label = f"{model._name}.{name} {value!r:.30}"
                    if not field.readonly or size(False, True):
                        yield (
                            f"onchange {label}",
                            lambda m=mine, n=name, v=value: m.onchange({n: v}, [n], {n: {}}),
                        )
                    if some:
                        one = mine.browse(some.id)
                        yield f"write {label}", lambda r=one, n=name, v=value: r.write({n: v})

    def test_values_are_answered_with_sentences(self):
        counts, failed = Counter(), []
        with mute_logger("odoo.sql_db", "odoo.models"):
            for label, call in self.tries():
                answer = self.outcome(call)
                counts[answer if answer in ("result", "refused") else "traceback"] += 1
                if answer not in ("result", "refused"):
                    failed.append(f"{label}: {answer}")
        record(tried=counts.total(), refused=counts["refused"], tracebacks=counts["traceback"])
        self.assertFalse(failed, f"{len(failed)} of {counts}:\n" + "\n".join(failed[:60]))

    def test_searches_have_limits(self):
        for model in [*self.concrete(), self.env["helpdesk.ticket"]]:
            name = model._rec_name or "display_name"
            with self.subTest(model._name), mute_logger("odoo.sql_db"):
                for value, answer in (("x" * 201, "refused"), ("a\x00b", "result")):
                    domain = [(name, "ilike", value)]
                    if not model._fields[name]._description_searchable:
                        continue
                    if model._fields[name].type not in ("char", "text"):
                        continue
                    self.assertEqual(
                        self.outcome(lambda m=model, d=domain: m.search(d, limit=1)), answer
                    )
                    self.assertEqual(
                        self.outcome(lambda m=model, v=value: m.name_search(v)), answer
                    )
                    self.assertEqual(
                        self.outcome(lambda m=model, d=domain: m._read_group(d, [], ["__count"])),
                        answer,
                    )
