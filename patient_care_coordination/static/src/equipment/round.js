import { Component, onWillStart, useRef, useState } from "@odoo/owl";
import { scanBarcode } from "@web/core/barcode/barcode_dialog";
import { isBarcodeScannerSupported } from "@web/core/barcode/barcode_video_scanner";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

// Larger pictures are made smaller before they leave the tablet: wards have slow networks.
const LONGEST_SIDE = 1600;

// Icon and word together: colour alone tells nothing to whoever does not see it.
const RESULTS = {
    pass: { word: _t("Works"), icon: "fa-check-circle", css: "success" },
    fault: { word: _t("Fault"), icon: "fa-exclamation-triangle", css: "danger" },
    not_found: { word: _t("Not found"), icon: "fa-question-circle", css: "warning" },
    in_use: { word: _t("In use"), icon: "fa-user", css: "info" },
};

async function readPhoto(file) {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", 0.85).split(",")[1];
}

/** A round on a tablet: one thing at a time, big buttons, a scan jumps to its thing. */
export class CareRound extends Component {
    static template = "patient_care_coordination.Round";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.results = RESULTS;
        this.canFilm = isBarcodeScannerSupported();
        this.file = useRef("file");
        this.list = useRef("list");
        this.state = useState({ round: null, current: null, busy: false, ...this.blank });
        const barcode = useService("barcode");
        useBus(barcode.bus, "barcode_scanned", (ev) => this.find(ev.detail.barcode));
        onWillStart(async () => {
            this.show(await this.orm.call("care.round", "care_screen", [this.roundId]));
            this.goOn();
        });
    }

    get roundId() {
        return this.props.action.params.round_id;
    }
    get blank() {
        return { note: "", photo: null, usable: false, telling: false };
    }
    get lines() {
        return this.state.round.lines;
    }
    get line() {
        return this.lines.find((line) => line.id === this.state.current);
    }
    get checked() {
        return this.lines.filter((line) => line.result).length;
    }
    get faults() {
        return this.lines.filter((line) => line.result === "fault").length;
    }
    get open() {
        return ["open", "started"].includes(this.state.round.state);
    }
    get percent() {
        return this.lines.length ? Math.round((100 * this.checked) / this.lines.length) : 0;
    }
    /** An area is always there and never away. */
    get answers() {
        return this.line.area ? ["pass", "fault"] : Object.keys(RESULTS);
    }
    /** Checks are those of equipment: an area line is its own check. */
    get checks() {
        return this.line.area ? [] : this.state.round.checks;
    }
    get photoUrl() {
        if (this.state.photo) {
            return `data:image/jpeg;base64,${this.state.photo}`;
        }
        return this.line.photo ? `/web/image/care.round.line/${this.line.id}/photo` : null;
    }

    show(round) {
        this.state.round = round;
    }

    choose(id) {
        const line = this.lines.find((row) => row.id === id);
        Object.assign(this.state, this.blank, { current: id, note: line ? line.note : "" });
        const row = this.list.el && this.list.el.querySelector(`[data-id="${id}"]`);
        if (row) {
            row.scrollIntoView({ block: "nearest" });
        }
    }

    /** Go to the next thing that is not checked, or stay. */
    goOn() {
        const start = this.lines.findIndex((line) => line.id === this.state.current) + 1;
        const order = [...this.lines.slice(start), ...this.lines.slice(0, start)];
        const next = order.find((line) => !line.result) || this.line || this.lines[0];
        this.choose(next ? next.id : null);
    }

    async find(code) {
        this.choose(await this.orm.call("care.round", "care_find", [this.roundId, code]));
    }

    async film() {
        const code = await scanBarcode(this.env);
        if (code) {
            await this.find(code);
        }
    }

    async type(ev) {
        const code = ev.target.value.trim();
        if (ev.key === "Enter" && code) {
            ev.target.value = "";
            await this.find(code);
        }
    }

    async takePhoto(ev) {
        const [file] = ev.target.files;
        ev.target.value = "";
        if (!file) {
            return;
        }
        try {
            this.state.photo = await readPhoto(file);
        } catch {
            this.notification.add(_t("This file is no picture: take another photo."), {
                type: "warning",
            });
        }
    }

    async press(result) {
        if (result === "fault" && !this.state.telling) {
            this.state.telling = true;
            return;
        }
        await this.check(result);
    }

    async check(result) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            const { note, photo, usable } = this.state;
            const shown = await this.orm.call("care.round.line", "care_check", [this.line.id], {
                result,
                note,
                photo,
                usable,
            });
            Object.assign(this.line, shown);
            this.goOn();
        } finally {
            this.state.busy = false;
        }
    }

    async finish() {
        this.show(await this.orm.call("care.round", "care_finish", [this.roundId]));
        this.notification.add(_t("The round is done. Thank you."), { type: "success" });
        await this.leave();
    }

    leave() {
        return this.action.doAction("patient_care_coordination.action_care_rounds", {
            clearBreadcrumbs: true,
        });
    }
}

registry.category("actions").add("care_round", CareRound);
