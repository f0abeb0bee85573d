import { registry } from "@web/core/registry";
import { Mutex } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { CareScanBox, refusalOf } from "./scan_box";

// A scanner types its barcode into whatever field has the focus.
const SHORTEST_BARCODE = 8;

/** The shelves of a ward count: scan or type, and every number is kept at once. */
export class CareWardCount extends Component {
    static template = "patient_care_coordination.WardCount";
    static components = { CareScanBox };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.mutex = new Mutex();
        this.root = useRef("root");
        // What is being typed: an answer that arrives meanwhile must not wipe it out.
        this.typing = {};
        this.state = useState({ lines: [], refusal: "", current: false, open: false });
        onWillStart(() => this.load());
        useEffect(
            (current) => {
                const row = current && this.root.el.querySelector(`[data-line="${current}"]`);
                if (row) {
                    row.scrollIntoView({ block: "center" });
                }
            },
            () => [this.state.current],
        );
    }
    get count() {
        return this.props.record.resId;
    }
    get counted() {
        return this.state.lines.filter((line) => line.is_counted).length;
    }
    /** How many lines hold less (-1) or more (1) than they should. */
    differing(sign) {
        return this.state.lines.filter(
            (line) => line.is_counted && Math.sign(line.counted - line.expected) === sign,
        ).length;
    }
    /** ``[{shelf, lines}]`` in shelf order. */
    get shelves() {
        const shelves = [];
        for (const line of this.state.lines) {
            if (this.state.open && line.is_counted && line.id !== this.state.current) {
                continue;
            }
            if (!shelves.length || shelves.at(-1).shelf !== line.shelf) {
                shelves.push({
                    key: `${shelves.length} ${line.shelf}`,
                    shelf: line.shelf,
                    lines: [],
                });
            }
            shelves.at(-1).lines.push(line);
        }
        return shelves;
    }
    async load() {
        // A count is started from its ward; an address typed by hand may open none.
        this.state.lines = this.count
            ? await this.orm.call("care.ward.count", "care_lines", [[this.count]])
            : [];
    }
    call(method, args) {
        return this.mutex.exec(async () => {
            this.state.refusal = "";
            try {
                const answer = await this.orm.call("care.ward.count", method, [
                    [this.count],
                    ...args,
                ]);
                this.state.lines = answer.lines || answer;
                this.state.current = answer.line_id || args[0];
            } catch (error) {
                this.state.refusal = refusalOf(error);
                await this.load();
            }
        });
    }
    onScan(code) {
        return this.call("care_scan", [code]);
    }
    onStep(line, step) {
        return this.set(line, Math.max(0, (line.is_counted ? line.counted : 0) + step));
    }
    set(line, quantity) {
        return this.call("care_set", [line.id, quantity]);
    }
    valueOf(line) {
        return this.typing[line.id] ?? (line.is_counted ? line.counted : "");
    }
    onInput(line, ev) {
        this.typing[line.id] = ev.target.value;
    }
    onBlur(line) {
        delete this.typing[line.id];
    }
    onTyped(line, ev) {
        const typed = ev.target.value.trim().replace(",", ".");
        if (typed.replace(".", "").length >= SHORTEST_BARCODE) {
            ev.target.value = line.is_counted ? line.counted : "";
            return this.onScan(typed);
        }
        const number = Number(typed);
        return this.set(line, typed === "" ? false : Number.isNaN(number) ? typed : number);
    }
    onKeydown(ev) {
        if (ev.key === "Enter") {
            ev.target.blur();
        }
    }
}

registry.category("view_widgets").add("care_ward_count", { component: CareWardCount });
