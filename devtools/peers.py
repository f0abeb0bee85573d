"""Run the suites of Odoo and OCA without the addon and with it: ``./dev peers``.

What passes without the addon passes with it; what cannot is listed with its reason in
``peers_exceptions.csv``. The helpdesk's own suite runs with every ``./dev test``.
"""

import csv
import os
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "peers_requirements.txt"
EXCEPTIONS = HERE / "peers_exceptions.csv"
HELPDESK = "helpdesk_mgmt"
# Modules whose suites run in one database, by the name that the command line takes; what is not
# part of the templates is installed first.
SUITES = {
    HELPDESK: [HELPDESK],
    "mail": ["mail"],
    "gateway": ["test_mail"],
    "mailing": ["test_mass_mailing"],
    "privacy": ["privacy_lookup"],
    "portal": ["portal"],
    "rating": ["rating"],
    "product": ["product"],
    "stock": ["stock"],
    "purchase": ["purchase", "purchase_stock"],
    "maintenance": ["maintenance", "stock_maintenance"],
    "calendar": ["calendar", "resource"],
    "others": ["digest", "barcodes", "phone_validation"],
    "oca": None,  # all that the requirements name for the helpdesk
}
# Tours and the tests of JavaScript need a browser that Odoo drives in its own way.
LEFT_OUT = ["test_js.py", "test_tour*.py", "test_ui*.py", "test_*_tour*.py", "test_tours.py"]


def exceptions():
    """``{test: reason}`` of what may fail with the addon; tests as ``module/file::class::name``."""
    with EXCEPTIONS.open(newline="") as file:
        return {row["test"]: row["reason"] for row in csv.DictReader(file)}


def command(python, config, database, folders, report=None):
    """The pytest command that runs the suites in these folders on a database."""
    options = [
        *("-q", "-rs", "-c", os.devnull, f"--rootdir={folders[0].parents[1]}"),
        *("-p", "no:cacheprovider", "--import-mode=prepend", "-W", "ignore"),
        *(f"--odoo-config={config}", f"--odoo-database={database}"),
        *("--odoo-http", "--odoo-log-level=critical", "--continue-on-collection-errors"),
        *(f"--ignore-glob=/*/{name}" for name in LEFT_OUT),
    ]
    if report:
        options += [f"--junitxml={report}", "-o", "junit_family=xunit1"]
    return [str(part) for part in (python, "-m", "pytest", *folders, *options)]


def folder_of(module, addons_path):
    """The folder with the tests of a module, or None where it has none.

    Where a module is found in two ways, as links of Debian's package do, it is the first: Python
    imports it from there.
    """
    for place in addons_path:
        if (Path(place) / module / "tests" / "__init__.py").is_file():
            return Path(place) / module / "tests"
    return None


def helpdesk_command(shop, python, database):
    """The command of the helpdesk's own suite with the addon, for ``./dev test``."""
    folder = folder_of(HELPDESK, shop.addons_path)
    listed = [test for test in exceptions() if test.startswith(f"{HELPDESK}/")]
    deselected = [f"--deselect={folder / test.split('/', 1)[1]}" for test in listed]
    return [*command(python, shop.config, database, [folder]), *deselected]


def outcomes(report):
    """``{module/file::class::name: outcome}`` of a report in JUnit's format."""
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        parts = case.get("classname", "").split(".")
        module = re.search(r"([^/.]+)[/.]tests[/.]", case.get("file", "")) or [None, parts[0]]
        name = f"{module[1]}/{Path(case.get('file', '')).name}::{parts[-1]}::{case.get('name')}"
        states = {child.tag for child in case}
        outcome = "passed"
        for state in ("skipped", "failure", "error"):
            if state in states:
                outcome = state
        # Each subtest is a case of its own: the worst counts.
        if found.get(name, "passed") == "passed":
            found[name] = outcome
    return found


class Peers:
    """The suites on copies of the templates: of Odoo alone, and with the addon."""

    def __init__(self, shop, dev, python, failure):
        self.shop = shop
        self.python = python
        self.failure = failure
        self.place = dev / "peers"
        self.addons = self.place / "addons"
        self.config = self.place / "odoo.conf"
        self.imported = dev / "site" / "odoo" / "addons"

    def fetch(self):
        """Unpack the addons of OCA under .dev/; what is there in the wanted versions stays."""
        stamp = self.place / "ready"
        wanted = REQUIREMENTS.read_text()
        if not stamp.is_file() or stamp.read_text() != wanted:
            shutil.rmtree(self.place, ignore_errors=True)
            self.place.mkdir(parents=True)
            target = self.place / "site"
            done = subprocess.run(
                [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
                + ["--no-deps", "--target", str(target), "-r", str(REQUIREMENTS)],
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise self.failure(
                    "the addons of OCA could not be fetched: "
                    + (done.stderr.strip().splitlines() or ["pip says nothing"])[-1]
                )
            shutil.move(target / "odoo" / "addons", self.addons)
            stamp.write_text(wanted)
        lines = self.shop.config.read_text().splitlines()
        self.config.write_text(
            "\n".join(
                f"{line},{self.addons}" if line.startswith("addons_path") else line
                for line in lines
            )
            + "\n"
        )

    def modules(self, name):
        """The modules of a suite."""
        if SUITES[name] is not None:
            return SUITES[name]
        return sorted(
            path.parent.name
            for path in self.addons.glob("*/__manifest__.py")
            if path.parent.name.startswith("helpdesk_")
        )

    def install(self, database, modules):
        """Install what is missing in a database."""
        command = [
            *(self.python, "-m", "odoo", "server", "-c", str(self.config), "-d", database),
            *("-i", ",".join(modules), "--stop-after-init", "--no-http", "--log-level=error"),
        ]
        done = subprocess.run(
            command,
            env=self.shop.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            print("\n".join(done.stdout.splitlines()[-15:]))
            raise self.failure(f"{', '.join(modules)} could not be installed beside the addon.")

    def run(self, name, kind, source, addon):
        """The outcomes of one suite on a copy of a template."""
        database = f"pcc_peers_{kind}"
        self.shop.postgres.clone(source, database)
        self.install(database, [*self.modules(name), *([addon] if addon else [])])
        paths = [self.imported, *self.shop.addons_path, self.addons]
        folders = [folder_of(module, paths) for module in self.modules(name)]
        report = self.place / f"{name}-{kind}.xml"
        report.unlink(missing_ok=True)
        log = self.place / f"{name}-{kind}.log"
        with log.open("w") as output:
            subprocess.run(
                command(
                    self.python, self.config, database, [part for part in folders if part], report
                ),
                env=self.shop.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.place,
            )
        if not report.is_file():
            raise self.failure(f"the suite {name} did not run: see {log}.")
        self.shop.postgres.drop(database)
        return outcomes(report)

    def compare(self, name, addon):
        """Run one suite twice; prints what it found and returns how many tests broke."""
        start = time.monotonic()
        without = self.run(name, "without", self.shop.base(), None)
        within = self.run(name, "with", self.shop.template(), addon)
        listed = exceptions()
        broken = [
            test
            for test, outcome in without.items()
            if outcome == "passed" and within.get(test, "missing") != "passed"
        ]
        new = [test for test in broken if test not in listed]
        passed = sum(outcome == "passed" for outcome in without.values())
        if not passed:
            raise self.failure(f"nothing of {name} passes without the addon: see {self.place}.")
        print(
            f"{name}: {passed} of {len(without)} pass without the addon, "
            f"{passed - len(broken)} of these with it, {len(broken) - len(new)} listed, "
            f"{len(new)} broken ({time.monotonic() - start:.0f} s)",
            flush=True,
        )
        for test in new:
            print(f"  broken: {test} ({within.get(test, 'missing')})")
        for test in broken:
            if test in listed:
                print(f"  listed: {test}: {listed[test]}")
        return len(new)


def main(names, shop, dev, python, failure, addon):
    """Compare the named suites, else all; 1 when one of their tests broke."""
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        raise failure(f"No suite is called {unknown[0]}: choose of {', '.join(SUITES)}.")
    peers = Peers(shop, dev, str(python), failure)
    peers.fetch()
    broken = sum([peers.compare(name, addon) for name in names or SUITES])
    print(f"{broken} broken")
    return 1 if broken else 0
