"""Who of a team takes an inquiry: filters in a fixed order, then continuity, then the strategy.

Pure: it imports nothing of Odoo and no sibling.

A member is a dict: ``id``, ``active``, ``role`` (holds a role that reads inquiries), ``leave``,
``hours`` (inside own working hours), ``away`` (set by oneself), ``skills`` and ``languages``
(sets of ids), ``load``, ``capacity`` (0: no limit) and ``last`` (when somebody last got an
inquiry by routing, 0 for never; any number that grows).

Needs are a dict: ``skills``, ``preferred`` and ``languages`` (sets of ids), ``subjects`` (ids of
the people the inquiry is about).
"""

# What may be read of why somebody was left out: the three that tell of a person's private life
# are one word.
UNAVAILABLE = "unavailable"


def weight(priority):
    """What an open inquiry of a priority ("0" to "3") adds to the load of a person: 1 to 4."""
    return int(priority or "1") + 1


def excluded(member, needs, preferred=True):
    """The first filter that keeps a member out of the pool, or None."""
    wanted = needs.get("skills", set()) | (needs.get("preferred", set()) if preferred else set())
    if not member["active"]:
        return "inactive"
    if not member["role"]:
        return "role"
    if member["leave"] or not member["hours"] or member["away"]:
        return UNAVAILABLE
    if wanted - member["skills"] or needs.get("languages", set()) - member["languages"]:
        return "skill"
    if member["id"] in needs.get("subjects", ()):
        return "subject"
    if member["capacity"] and member["load"] >= member["capacity"]:
        return "capacity"
    return None


def eligible(members, needs, preferred=True):
    """``(pool, [[id, filter], ...])``: who may get it, and why each other one may not."""
    pool, out = [], []
    for member in members:
        why = excluded(member, needs, preferred)
        if why:
            out.append([member["id"], why])
        else:
            pool.append(member)
    return pool, out


def pick(pool, strategy, known=None, turn=None):
    """``(member, why)`` out of a pool that is not empty; ``why`` is a word for the record.

    ``known`` is the id of who looked after the patient before, ``turn`` the number drawn for a
    round robin. Ties go to who waited longest, then to the lower id.
    """
    for member in pool:
        if member["id"] == known:
            return member, "known"
    if strategy == "round_robin":
        ordered = sorted(pool, key=lambda member: member["id"])
        return ordered[turn % len(ordered)], "turn"
    return min(pool, key=lambda member: (member["load"], member["last"], member["id"])), "load"
