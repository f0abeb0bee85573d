import { registry } from "@web/core/registry";
import { dateField } from "@web/views/fields/datetime/datetime_field";
import { ListDateTimeField } from "@web/views/fields/datetime/list_datetime_field";

/** A date that stands for its whole month, shown with the year. */
export class CareMonthField extends ListDateTimeField {
    getFormattedValue(index) {
        const value = this.values[index];
        return value ? value.toFormat("LLLL yyyy") : "";
    }
}

registry.category("fields").add("care_month", {
    ...dateField,
    component: CareMonthField,
    extractProps: (...details) => ({
        ...dateField.extractProps(...details),
        minPrecision: "months",
    }),
});
