"""The arithmetic of a national complaints return, checked before it is printed.

Pure: plain values in, plain values out. After the rules of England's return on written complaints:
what is carried forward is what was brought forward, with what is new, less what was resolved;
everything resolved was upheld, partly upheld or not; each new case has one age and one status, and
at least one subject, service area and profession.
"""

# Of each new case there is exactly one of these, and at least one of those.
ONE = ("age", "status")
SOME = ("subject", "service", "profession")


def problems(figures, sums):
    """What does not add up: ``[(code, given, expected)]``, in the order of the return.

    :param figures: ``brought``, ``new``, ``resolved``, ``carried``, ``upheld``, ``partly`` and
        ``not_upheld``, whole numbers
    :param sums: ``{aspect: sum of its counts}``, for the aspects that the return has
    """
    found = []
    carried = figures["brought"] + figures["new"] - figures["resolved"]
    if carried < 0:
        found.append(("negative", carried, 0))
    elif figures["carried"] != carried:
        found.append(("carried", figures["carried"], carried))
    outcomes = figures["upheld"] + figures["partly"] + figures["not_upheld"]
    if outcomes != figures["resolved"]:
        found.append(("outcomes", outcomes, figures["resolved"]))
    for aspect in ONE:
        if aspect in sums and sums[aspect] != figures["new"]:
            found.append((aspect, sums[aspect], figures["new"]))
    for aspect in SOME:
        if aspect in sums and sums[aspect] < figures["new"]:
            found.append((aspect, sums[aspect], figures["new"]))
    return found
