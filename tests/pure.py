"""Pure modules of the addon, loaded without Odoo: an import through the addon needs a database."""

import importlib
import sys
import types
from pathlib import Path

MODELS = Path(__file__).resolve().parents[1] / "patient_care_coordination" / "models"


def load(name):
    """The pure module ``room.module``, such as ``routing.engine``.

    The rooms are packages without their ``__init__``, so that relative imports of other pure
    modules work and nothing of Odoo is imported.
    """
    room = name.split(".")[0]
    for package, place in (("care_pure", MODELS), (f"care_pure.{room}", MODELS / room)):
        if package not in sys.modules:
            module = types.ModuleType(package)
            module.__path__ = [str(place)]
            sys.modules[package] = module
    if "care_pure.common" not in sys.modules and room != "common":
        common = types.ModuleType("care_pure.common")
        common.__path__ = [str(MODELS / "common")]
        sys.modules["care_pure.common"] = common
    return importlib.import_module(f"care_pure.{name}")
