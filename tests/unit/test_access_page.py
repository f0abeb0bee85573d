"""The page on access says what the declaration says."""

from ..access import PAGE, ROLES, SCOPES, declared, page


def test_the_page_is_made_from_the_declaration():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python3 tests/access.py"


def test_each_scope_is_used_and_each_role_declared():
    cells = [cell for _what, roles in declared().values() for cell in roles.values()]
    assert {cell.scope for cell in cells if cell.ways} == set(SCOPES)
    assert all(roles.keys() == ROLES.keys() for _what, roles in declared().values())


def test_the_privacy_officer_only_reads():
    """She works in windows of her own, and changes no record that is kept."""
    for model, (_what, roles) in declared().items():
        cell = roles["privacy_officer"]
        assert cell.scope == "own" or not set(cell.ways) - set("rx"), model
