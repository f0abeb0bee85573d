import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/** A number that opens its list; what is no number of records is plain text. */
export class CareFigure extends Component {
    static template = "patient_care_coordination.Figure";
    static props = {
        cell: Object,
        label: String,
        open: Function,
        css: { type: String, optional: true },
    };

    get title() {
        return _t("%(label)s: %(number)s, open the list", {
            label: this.props.label,
            number: this.props.cell.text,
        });
    }
}

/** How it stands today and how it went; every number opens what it counts. */
export class CareDashboard extends Component {
    static template = "patient_care_coordination.Dashboard";
    static components = { CareFigure, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        const kept = this.props.state || {};
        this.state = useState({
            period: kept.period || "month",
            department: kept.department || false,
            page: null,
            loading: false,
        });
        useSetupAction({
            getLocalState: () => ({
                period: this.state.period,
                department: this.state.department,
            }),
        });
        this.open = this.open.bind(this);
        onWillStart(() => this.load());
    }

    get heads() {
        return {
            channel: _t("Channel"),
            department: _t("Department"),
            received: _t("Received"),
            due: _t("Answers due"),
            met: _t("Answered in time"),
            rated: _t("Said how satisfied"),
            satisfied: _t("Satisfied"),
            unsatisfied: _t("Not satisfied"),
        };
    }
    get onTimeHeads() {
        return [_t("In time"), _t("Were due"), _t("Not decided yet")];
    }

    async load() {
        this.state.loading = true;
        const { period, department } = this.state;
        this.state.page = await this.keepLast.add(
            this.orm.call("care.dashboard", "care_dashboard", [period, department]),
        );
        this.state.loading = false;
    }

    choosePeriod(ev) {
        this.state.period = ev.target.value;
        return this.load();
    }

    chooseDepartment(ev) {
        this.state.department = Number(ev.target.value) || false;
        return this.load();
    }

    label(...parts) {
        return parts.join(", ");
    }

    async open(cell, label) {
        const action = await this.action.loadAction(cell.action);
        return this.action.doAction({
            ...action,
            name: label,
            display_name: label,
            domain: cell.domain,
            context: { active_test: false },
            // A pivot tells nothing new about a number; its records do.
            views: [...action.views].sort((a, b) => (b[1] === "list") - (a[1] === "list")),
            path: undefined,
        });
    }
}

registry.category("actions").add("care_dashboard", CareDashboard);
