import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { Pager } from "@web/core/pager/pager";
import { MultiRecordSelector } from "@web/core/record_selectors/multi_record_selector";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { Layout } from "@web/search/layout";
import { formatFloat } from "@web/views/fields/formatters";
import { parseFloat } from "@web/views/fields/parsers";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "stock.warehouse.orderpoint";

// Colour and word together: colour alone tells nothing to whoever does not see it.
const WORDS = {
    out: { label: _t("Out"), css: "text-bg-danger" },
    low: { label: _t("Low"), css: "text-bg-warning" },
    enough: { label: _t("Enough"), css: "text-success fw-normal" },
    over: { label: _t("Over"), css: "text-bg-info" },
};

export class ParGrid extends Component {
    static template = "patient_care_coordination.ParGrid";
    static components = { Layout, MultiRecordSelector, Pager, RecordSelector };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.keepLast = new KeepLast();
        this.words = WORDS;
        this.wardDomain = [["is_ward", "=", true]];
        this.categoryDomain = [["care_is_supply", "=", true]];
        this.productDomain = [
            ["is_storable", "=", true],
            ["categ_id.care_is_supply", "=", true],
        ];
        this.state = useState({
            wards: [],
            rows: [],
            total: 0,
            chosen: this.props.action.context.department_ids || [],
            category: false,
            search: "",
            offset: 0,
            limit: 80,
        });
        this.searchLater = useDebounced(() => this.restart(), 300);
        onWillStart(() => this.load());
    }

    async load() {
        const { chosen, category, search, offset, limit } = this.state;
        const page = await this.keepLast.add(
            this.orm.call(MODEL, "care_grid", [], {
                department_ids: chosen,
                category_id: category,
                search,
                offset,
                limit,
            }),
        );
        Object.assign(this.state, page);
    }

    restart(values = {}) {
        Object.assign(this.state, values, { offset: 0 });
        return this.load();
    }

    async addProduct(productId) {
        if (!productId || this.state.rows.some((row) => row.id === productId)) {
            return;
        }
        const [product] = await this.orm.read("product.product", [productId], ["display_name"]);
        this.state.rows.unshift({
            id: productId,
            name: product.display_name,
            unit: "",
            cells: {},
        });
    }

    show(quantity) {
        return quantity === undefined ? "" : formatFloat(quantity, { trailingZeros: false });
    }

    label(row, ward, which) {
        return _t("%(which)s of %(product)s in %(ward)s", {
            which: which === "min" ? _t("Minimum") : _t("Maximum"),
            product: row.name,
            ward: ward.name,
        });
    }

    async setLevel(row, ward, which, ev) {
        const input = ev.target;
        const cell = row.cells[ward.id];
        const before = this.show(cell && cell[which]);
        let level;
        try {
            level = parseFloat(input.value);
        } catch {
            this.notification.add(_t("%s is no number: the level stays as it was.", input.value), {
                type: "danger",
            });
            input.value = before;
            return;
        }
        const levels = cell ? { min: cell.min, max: cell.max } : { min: level, max: level };
        levels[which] = level;
        try {
            row.cells[ward.id] = await this.orm.call(MODEL, "care_grid_set", [
                ward.id,
                row.id,
                levels.min,
                levels.max,
            ]);
        } catch (error) {
            input.value = before;
            throw error;
        }
    }
}

registry.category("actions").add("care_par_grid", ParGrid);
