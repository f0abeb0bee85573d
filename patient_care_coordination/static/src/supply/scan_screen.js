import { registry } from "@web/core/registry";
import { Mutex } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Component, onWillStart, useState } from "@odoo/owl";
import { CareScanBox, refusalOf } from "./scan_box";

// Icon and word together: colour alone tells nothing to whoever does not see it.
const ICONS = {
    success: "fa-check-circle",
    info: "fa-info-circle",
    warning: "fa-exclamation-circle",
    danger: "fa-times-circle",
};

/**
 * One screen for all that is done by scanning one label after the other.
 *
 * The action's params name the model, whose care_scan(code) answers with level, title, text and
 * buttons, and whose care_scan_overview() lists what can be tapped instead of scanned.
 */
export class CareScanScreen extends Component {
    static template = "patient_care_coordination.ScanScreen";
    static components = { CareScanBox, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.params = this.props.action.params;
        this.mutex = new Mutex();
        this.icons = ICONS;
        this.state = useState({ answers: [], rows: [], filter: "" });
        onWillStart(() => this.loadRows());
    }
    get display() {
        return { controlPanel: {} };
    }
    get rows() {
        const words = this.state.filter.toLowerCase().split(/\s+/);
        return this.state.rows.filter((row) => {
            const text = `${row.title} ${row.text} ${row.state}`.toLowerCase();
            return words.every((word) => text.includes(word));
        });
    }
    async loadRows() {
        this.state.rows = await this.orm.call(this.params.model, "care_scan_overview", []);
    }
    onScan(code) {
        return this.ask("care_scan", [code], code);
    }
    onAction(action) {
        return this.ask(action.method, action.args, "");
    }
    ask(method, args, code) {
        return this.mutex.exec(async () => {
            let answer = null;
            try {
                answer = await this.orm.call(this.params.model, method, args);
            } catch (error) {
                answer = { level: "danger", title: code, text: refusalOf(error) };
            }
            for (const earlier of this.state.answers) {
                earlier.actions = [];
            }
            this.state.answers = [
                { actions: [], key: Math.random(), ...answer },
                ...this.state.answers,
            ].slice(0, 5);
            await this.loadRows();
        });
    }
}

registry.category("actions").add("care_scan", CareScanScreen);
