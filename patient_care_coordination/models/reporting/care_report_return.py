from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from . import return_math
from .care_report_catalogue import count, text

# So many cases are named in an error; then how many more there are.
MOST_NAMED = 20


class CasesInTheWay(UserError):
    """Why a return does not add up, with the cases to be completed first."""

    def __init__(self, message, cases):
        super().__init__(message)
        self.cases = cases


class CareReportCatalogue(models.AbstractModel):
    """England's yearly return on written complaints (KO41a), by the hospital's own mapping.

    Cases are complaints and grievances, or the natures the report is narrowed to; duplicates are
    one case. It is refused until it adds up, with the numbers of the cases that stand in the way.
    """

    _inherit = "care.report.catalogue"

    @api.model
    def _care_sections(self):
        return {
            **super()._care_sections(),
            "return": {
                "name": self.env._("National complaints return"),
                "models": ["helpdesk.ticket", "care.return.mapping", "care.inquiry.report"],
                "unfiltered": True,
            },
        }

    @api.model
    def _care_section_return(self, scope, section):
        cases = self._care_return_cases(scope)
        lines = self.env["care.return.mapping"].search([("company_id", "in", scope["company_ids"])])
        if not lines:
            raise UserError(
                self.env._("There is no mapping yet: fill it in under Set-up, Return mapping.")
            )
        by_aspect = lines.grouped("aspect")
        named = cases["all"].browse()
        errors, wrong = self._care_return_dates(cases["all"])
        named |= wrong
        results, found, wrong = self._care_return_results(
            cases["resolved"], by_aspect.get("outcome")
        )
        errors += found
        named |= wrong
        counts = {}
        for aspect in (*return_math.ONE, *return_math.SOME):
            if aspect in by_aspect:
                counts[aspect], found, wrong = self._care_return_aspect(
                    cases["new"], aspect, by_aspect[aspect]
                )
                errors += found
                named |= wrong
        figures = {name: len(cases[name]) for name in ("brought", "new", "resolved", "carried")}
        figures |= results
        if not errors:
            sums = {aspect: sum(found.values()) for aspect, found in counts.items()}
            errors = self._care_return_sentences(return_math.problems(figures, sums))
        if errors:
            raise CasesInTheWay("\n".join(errors), named.ids)
        return self._care_return_tables(figures, counts)

    @api.model
    def _care_return_cases(self, scope):
        """The cases of a return by what they are in it: ``{name: tickets}``."""
        start, end = (self._care_moment(scope, scope[name]) for name in ("start", "end"))
        domain = Domain(
            [
                ("care_is_inquiry", "=", True),
                ("company_id", "in", scope["company_ids"]),
                ("care_received_date", "<", end),
                ("care_outcome", "!=", "duplicate"),
            ]
        )
        if scope.get("nature_ids"):
            domain &= Domain("care_nature_id", "in", scope["nature_ids"])
        else:
            domain &= Domain("care_nature_id.code", "in", ("complaint", "grievance"))
        if scope.get("department_ids"):
            domain &= Domain("care_department_id", "child_of", scope["department_ids"])
        if scope.get("user_ids"):
            domain &= Domain("user_id", "in", scope["user_ids"])
        open_then = Domain("closed_date", "=", False) | Domain("closed_date", ">=", start)
        touched = self.env["helpdesk.ticket"].with_context(active_test=False)
        touched = touched.search(
            domain & (open_then | Domain("care_received_date", ">=", start)), order="number, id"
        )
        left_out = (
            self.env["care.return.mapping"]
            .search(
                [
                    ("company_id", "in", scope["company_ids"]),
                    ("aspect", "=", "outcome"),
                    ("result", "=", "left_out"),
                ]
            )
            .mapped("outcome")
        )
        touched = touched.filtered(lambda case: case.care_outcome not in left_out)

        def closed_before(case, moment):
            return case.closed_date and case.closed_date < moment

        return {
            "all": touched,
            "brought": touched.filtered(lambda case: case.care_received_date < start),
            "new": touched.filtered(lambda case: case.care_received_date >= start),
            "resolved": touched.filtered(
                lambda case: closed_before(case, end) and not closed_before(case, start)
            ),
            "carried": touched.filtered(lambda case: not closed_before(case, end)),
        }

    @api.model
    def _care_named(self, cases):
        """The numbers of cases, for an error."""
        numbers = cases.mapped("number")
        words = ", ".join(numbers[:MOST_NAMED])
        more = len(numbers) - MOST_NAMED
        return (
            self.env._("%(words)s and %(more)s more", words=words, more=more) if more > 0 else words
        )

    @api.model
    def _care_return_dates(self, cases):
        wrong = cases.filtered(
            lambda case: case.closed_date and case.closed_date < case.care_received_date
        )
        if not wrong:
            return [], wrong
        return [
            self.env._(
                "Closed before they were received: %s. Correct the date of receipt.",
                self._care_named(wrong),
            )
        ], wrong

    @api.model
    def _care_return_results(self, cases, lines):
        """How the resolved ones ended: ``({result: number}, errors, cases)``."""
        results = dict.fromkeys(("upheld", "partly", "not_upheld"), 0)
        known = {line.outcome: line.result for line in lines or []}
        names = dict(cases._fields["care_outcome"]._description_selection(self.env))
        errors, wrong = [], cases.browse()
        for outcome, found in cases.grouped("care_outcome").items():
            if outcome in known:
                results[known[outcome]] += len(found)
            else:
                wrong |= found
                errors.append(
                    self.env._(
                        "Resolved as '%(outcome)s', which the return does not know: %(cases)s. "
                        "Correct their outcome, or add it to the return's mapping.",
                        outcome=names.get(outcome, self.env._("nothing")),
                        cases=self._care_named(found),
                    )
                )
        return results, errors, wrong

    @api.model
    def _care_return_aspect(self, cases, aspect, lines):
        """The new cases by the boxes of one aspect: ``({box: number}, errors, cases)``.

        Every box is there, also with 0; a case counts once in a box.
        """
        boxes = dict.fromkeys(lines.mapped("name"), 0)
        find = getattr(self, f"_care_return_{aspect}")(lines)
        missing = cases.browse()
        for case in cases:
            found = find(case)
            if not found:
                missing |= case
            for box in found:
                boxes[box] += 1
        if not missing:
            return boxes, [], missing
        names = dict(lines._fields["aspect"]._description_selection(self.env))
        return (
            boxes,
            [
                self.env._(
                    "Without a box for '%(aspect)s': %(cases)s. Complete them or the return's "
                    "mapping.",
                    aspect=names[aspect],
                    cases=self._care_named(missing),
                )
            ],
            missing,
        )

    @api.model
    def _care_return_age(self, lines):
        def find(case):
            birth = case.care_patient_id.birth_date
            received = fields.Datetime.context_timestamp(self, case.care_received_date).date()
            if not birth or birth > received:
                return set(lines.filtered("age_unknown")[:1].mapped("name"))
            age = relativedelta(received, birth).years
            return set(
                lines.filtered(
                    lambda line: not line.age_unknown and line.age_from <= age <= line.age_to
                )[:1].mapped("name")
            )

        return find

    @api.model
    def _care_return_status(self, lines):
        boxes = {}
        for line in lines:
            boxes.setdefault(line.relation, line.name)

        def find(case):
            box = boxes.get(case.care_relation or "unknown")
            return {box} if box else set()

        return find

    @api.model
    def _care_return_subject(self, lines):
        nearest = self._care_nearest(lines, "category_id")
        return lambda case: {
            box for category in self._care_case_categories(case) for box in nearest(category)
        }

    @api.model
    def _care_return_service(self, lines):
        nearest = self._care_nearest(lines, "department_id")
        return lambda case: {
            box for department in self._care_case_departments(case) for box in nearest(department)
        }

    @api.model
    def _care_return_profession(self, lines):
        by_category = self._care_nearest(lines.filtered("category_id"), "category_id")
        by_department = self._care_nearest(lines.filtered("department_id"), "department_id")

        def find(case):
            found = {
                box
                for category in self._care_case_categories(case)
                for box in by_category(category)
            }
            return found | {
                box
                for department in self._care_case_departments(case)
                for box in by_department(department)
            }

        return find

    @api.model
    def _care_case_categories(self, case):
        return case.care_issue_ids.category_id or case.category_id

    @api.model
    def _care_case_departments(self, case):
        return case.care_issue_ids.department_id or case.care_department_id

    @api.model
    def _care_nearest(self, lines, name):
        """A function from a record to the boxes of itself, else of the nearest one above it."""
        boxes = defaultdict(list)
        for line in lines:
            boxes[line[name].id].append(line.name)

        def find(record):
            while record and record.id not in boxes:
                record = record.parent_id
            return boxes[record.id] if record else []

        return find

    @api.model
    def _care_return_sentences(self, problems):
        """What does not add up, as sentences."""
        words = {
            "negative": self.env._("Carried forward would be %(given)s, and cannot be below 0."),
            "carried": self.env._("Carried forward is %(given)s, and must be %(expected)s."),
            "outcomes": self.env._(
                "Upheld, partly upheld and not upheld are %(given)s, and must be %(expected)s, as "
                "many as were resolved."
            ),
            "age": self.env._(
                "The ages add up to %(given)s, and must be %(expected)s, as many as are new."
            ),
            "status": self.env._(
                "Those who complain add up to %(given)s, and must be %(expected)s, as many as are "
                "new."
            ),
            "subject": self.env._("The subjects add up to %(given)s; new cases are %(expected)s."),
            "service": self.env._(
                "The service areas add up to %(given)s; new cases are %(expected)s."
            ),
            "profession": self.env._(
                "The professions add up to %(given)s; new cases are %(expected)s."
            ),
        }
        return [
            words[code] % {"given": given, "expected": expected}
            for code, given, expected in problems
        ]

    @api.model
    def _care_return_tables(self, figures, counts):
        names = dict(
            self.env["care.return.mapping"]._fields["aspect"]._description_selection(self.env)
        )
        labels = {
            "brought": self.env._("Brought forward"),
            "new": self.env._("New"),
            "resolved": self.env._("Resolved"),
            "upheld": self.env._("of these upheld"),
            "partly": self.env._("of these partly upheld"),
            "not_upheld": self.env._("of these not upheld"),
            "carried": self.env._("Carried forward"),
        }
        tables = [
            {
                "name": names[aspect],
                "columns": [text(names[aspect]), count(self.env._("New cases"))],
                "rows": [[box, cases] for box, cases in boxes.items()],
                "totals": True,
            }
            for aspect, boxes in counts.items()
        ]
        notes = [
            self.env._(
                "Carried forward = brought forward + new - resolved. Ages and those who complain "
                "add up to the new cases. A case counts once in every subject, service area and "
                "profession it touches, so these add up to at least as many."
            )
        ]
        missing = [
            names[aspect]
            for aspect in (*return_math.ONE, *return_math.SOME)
            if aspect not in counts
        ]
        if missing:
            notes.append(self.env._("Without a mapping, so left out: %s.", ", ".join(missing)))
        return {
            "tables": tables,
            "notes": notes,
            "figures": [
                self._care_plain_figure(f"return_{name}", labels[name], figures[name])
                for name in labels
            ],
        }
