from odoo import api, models, tools
from odoo.exceptions import AccessError
from odoo.models import fix_import_export_id_paths

TICKETS = "helpdesk.ticket"
PATIENTS = "care.patient"
IDS = (".id", "id")


class CareExportGate(models.AbstractModel):
    """Finds the inquiries and patients that the columns of an export come from.

    A column is a path over links, such as ``ticket_ids/care_patient_id/name`` of a contact. It is
    followed field by field; models that carry facts about patients are found in the registry, so
    that a model added later is covered too.
    """

    _name = "care.export.gate"
    _description = "Gate on Exports"

    @api.model
    def _care_pass(self, records, columns):
        """Let an export of ``columns`` of ``records`` pass, and keep its disclosures.

        Raises AccessError where an inquiry or a patient is reached and the user is neither
        coordinator nor privacy officer: an export takes what many people said out of the house.
        """
        reached = {}
        for column in columns:
            path = self._care_expand(records._name, fix_import_export_id_paths(column))
            if self._care_touches(records._name, path):
                found = self._care_follow(records, path)
                if found:
                    reached[column] = found
        if records._name in self._care_fact_models() and records._name != TICKETS:
            self._care_check_exporter()
        if not reached:
            return
        self._care_check_exporter()
        tickets = self.env[TICKETS].browse({id_ for found in reached.values() for id_ in found[0]})
        patients = self.env[PATIENTS].browse(
            {id_ for found in reached.values() for id_ in found[1]}
        )
        what = ", ".join(reached)
        purpose = self.env._("Work of the hospital")
        tickets._care_disclose_to_me("export", what, purpose)
        # A patient reached through an inquiry stands in the disclosure of the inquiry.
        (patients - tickets.sudo().care_patient_id)._care_disclose_to_me("export", what, purpose)

    @api.model
    def _care_check_exporter(self):
        """Raise AccessError unless the user may take what was said out of the house."""
        if not self.env[TICKETS]._care_knows_callers():
            raise AccessError(
                self.env._("Inquiries are exported by coordinators and the privacy officer.")
            )

    # ------------------------------------------------------------------
    # What carries facts about patients
    # ------------------------------------------------------------------

    @api.model
    @tools.ormcache()
    def _care_fact_models(self):
        """Models whose rows belong to an inquiry or a patient: ``{model: links to follow}``.

        These are our models that link to a patient, that cannot be without an inquiry, or that
        cannot be without a row of such a model; and our analyses of them.
        """
        found = {TICKETS: (), PATIENTS: ()}
        ours = [
            model
            for name, model in self.env.registry.items()
            if name.startswith("care.") and not model._abstract and not model._transient
        ]
        while True:
            before = len(found)
            for model in ours:
                if model._name in found:
                    continue
                links = tuple(
                    field.name
                    for field in model._fields.values()
                    if field.type == "many2one" and field.store and field.comodel_name in found
                    if field.required or field.comodel_name == PATIENTS or not model._auto
                )
                if links:
                    found[model._name] = links
            if len(found) == before:
                break
        # Follow every link there is, also those that a row need not have.
        for model in ours:
            if found.get(model._name):
                found[model._name] = tuple(
                    field.name
                    for field in model._fields.values()
                    if field.type == "many2one" and field.store and field.comodel_name in found
                )
        return found

    @api.model
    def _care_expand(self, model_name, path):
        """The path with each related field replaced by the fields that it stands for."""
        expanded, rest = [], list(path)
        model = self.env.registry.get(model_name)
        while rest and model is not None:
            step = rest.pop(0)
            field = None if step in IDS else model._fields.get(step.partition(".")[0])
            if field is None:
                expanded.append(step)
                break
            if field.related and not field.store:
                rest = [*field.related.split("."), *rest]
                continue
            expanded.append(field.name)
            model = self.env.registry.get(field.comodel_name) if field.relational else None
        return expanded + rest

    @api.model
    def _care_refers(self, model):
        """The pair of fields by which rows of a model belong to a record of any model."""
        for field in model._fields.values():
            if field.type == "many2one_reference" and field.store:
                return field.model_field, field.name
        return None

    @api.model
    def _care_touches(self, model_name, path):
        """Whether a path can reach facts about patients at all; looks at no record.

        A link to one inquiry, or to one row of ours, shows its number alone and is no such path;
        a list of links is one, for it says whose they are.
        """
        facts = self._care_fact_models()
        model = self.env.registry[model_name]
        if model_name in facts or self._care_refers(model):
            return True
        for place, step in enumerate(path):
            field = model._fields.get(step)
            if field is None or not field.relational:
                return False
            last = not set(path[place + 1 :]) - {*IDS, "display_name"}
            model = self.env.registry[field.comodel_name]
            if model._name == PATIENTS:
                return True
            shows_number = last and field.type == "many2one"
            if (model._name in facts or self._care_refers(model)) and not shows_number:
                return True
        return False

    @api.model
    def _care_follow(self, records, path):
        """Inquiries and patients on the way of a path: ``(ids, ids)``, or None.

        Links are read with the rights of the user, as the export itself does.
        """
        found = {}
        here = records
        self._care_add(here, found)
        for place, step in enumerate(path):
            field = here._fields.get(step)
            if not here or field is None or not field.relational:
                break
            last = not set(path[place + 1 :]) - {*IDS, "display_name"}
            here = here.mapped(step)
            if last and field.type == "many2one" and field.comodel_name != PATIENTS:
                break
            self._care_add(here, found)
        tickets = self.env[TICKETS].sudo().browse(found.get(TICKETS, ()))
        inquiries = tickets.filtered("care_is_inquiry").ids
        patients = found.get(PATIENTS, set())
        return (inquiries, patients) if inquiries or patients else None

    @api.model
    def _care_add(self, records, found):
        """Add these rows, and the inquiries and patients they belong to, to ``{model: ids}``."""
        known = found.setdefault(records._name, set())
        records = records.sudo().filtered(lambda record: record.id not in known)
        known.update(records.ids)
        if not records or records._name in (TICKETS, PATIENTS):
            return
        if links := self._care_fact_models().get(records._name):
            for link in links:
                self._care_add(records[link], found)
        elif refers := self._care_refers(records):
            places = {}
            for record in records:
                if record[refers[0]] in self._care_fact_models() and record[refers[1]]:
                    places.setdefault(record[refers[0]], set()).add(record[refers[1]])
            for name, ids in places.items():
                self._care_add(self.env[name].browse(ids).exists(), found)

    # ------------------------------------------------------------------
    # Downloads of what is on the screen
    # ------------------------------------------------------------------

    @api.model
    def _care_pass_pivot(self, model_name, title, columns):
        """Let the download of a pivot pass, and keep it.

        Its cells come from the browser, so nobody can say which inquiries they count: the
        disclosure names the table alone. Raises AccessError as other exports do.
        """
        if model_name not in self._care_fact_models():
            return
        plain = model_name == TICKETS and not self.env.user.has_group(
            "patient_care_coordination.group_care_staff"
        )
        if plain:
            return
        self._care_check_exporter()
        user = self.env.user
        self.env["care.disclosure"]._care_record(
            [
                {
                    "way": "export",
                    "partner_id": user.partner_id.id,
                    "recipient": user.name,
                    "address": user.email,
                    "what": self.env._(
                        "Pivot table %(title)s: %(columns)s", title=title, columns=columns
                    ),
                    "purpose": self.env._("Work of the hospital"),
                    "basis": "staff",
                }
            ]
        )
