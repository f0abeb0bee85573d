"""How benchmarks tell their figures: as JSON, or as a table beside their targets."""

import argparse
import json
import signal
import sys


def is_met(figure, limit, how):
    """Whether a figure keeps its limit."""
    if how == "at least":
        return figure >= limit
    return figure <= limit if how == "at most" else figure < limit


def rounded(value):
    """A figure with the digits that mean something."""
    if isinstance(value, list):
        return [rounded(each) for each in value]
    if isinstance(value, float):
        return round(value, 3 if value < 10 else 1)
    return value


def main(about, measure, targets, resize):
    """The program of a benchmark; returns its exit code.

    :param about: the docstring of the benchmark
    :param measure: returns all figures by name, and in ``machine``, if at all, where they come from
    :param resize: makes it measure ``whole`` or ``small``
    :param targets: ``[(name of a figure, limit, "under", "at most" or "at least", words), ...]``
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--size", choices=("whole", "small"), default="whole")
    options = parser.parse_args()
    resize(options.size)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    figures = measure()
    if options.json:
        print(json.dumps({name: rounded(figure) for name, figure in figures.items()}))
        return 0
    machine = figures.pop("machine", None)
    if machine:
        print(
            f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, "
            f"PostgreSQL {machine['postgresql']}, {machine['date']}, load {machine['load']}"
        )
    for name, limit, how, words in targets:
        verdict = "met" if is_met(figures[name], limit, how) else "missed"
        print(f"{words:46}{rounded(figures[name]):>9}   {how} {limit:<5} {verdict}")
    shown = {name for name, *_rest in targets}
    for name in figures:
        if name not in shown:
            print(f"{name:46}{rounded(figures[name])!s:>9}")
    return 0
