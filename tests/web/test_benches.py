"""Every benchmark runs, at a small size, so that none rots; its figures mean nothing here."""

import os
from pathlib import Path

import pytest

from ..bench import bench_create, bench_reports, bench_routing, bench_supply

BENCHES = {
    "create": bench_create,
    "reports": bench_reports,
    "routing": bench_routing,
    "supply": bench_supply,
}


def test_all_are_run():
    folder = Path(bench_create.__file__).parent
    assert set(BENCHES) == {path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py")}


@pytest.mark.parametrize("name", BENCHES)
def test_bench_runs(name, demo_template, monkeypatch):
    bench = BENCHES[name]
    if name == "create":
        # It needs the demo hospital, which takes half a minute to load.
        monkeypatch.setitem(os.environ, "CARE_TEMPLATE", demo_template)
    bench.resize("small")
    try:
        figures = bench.measure()
    finally:
        bench.resize("whole")
    # The clone without the addon, which it is compared with, takes half a minute to make.
    left_out = {"topup_ratio"}
    for figure, _limit, _how, _words in bench.TARGETS:
        assert figure in left_out or figures[figure] > 0, figure
