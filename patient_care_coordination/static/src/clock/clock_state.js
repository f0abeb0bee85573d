import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

// Icon and word together: colour alone tells nothing to whoever does not see it.
const LOOKS = {
    missed: { icon: "fa-exclamation-circle", css: "text-danger fw-bold" },
    due_soon: { icon: "fa-clock-o", css: "text-warning-emphasis fw-bold" },
    running: { icon: "fa-hourglass-half", css: "text-muted" },
    met: { icon: "fa-check-circle", css: "text-success" },
    void: { icon: "fa-ban", css: "text-muted" },
};

export class CareClockState extends Component {
    static template = "patient_care_coordination.ClockState";
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name];
    }
    get look() {
        return LOOKS[this.value] || { icon: "", css: "" };
    }
    get word() {
        const { selection } = this.props.record.fields[this.props.name];
        const found = selection.find(([value]) => value === this.value);
        return found ? found[1] : "";
    }
}

registry.category("fields").add("care_clock_state", {
    component: CareClockState,
    supportedTypes: ["selection"],
});
