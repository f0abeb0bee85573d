import { scanBarcode } from "@web/core/barcode/barcode_dialog";
import { isBarcodeScannerSupported } from "@web/core/barcode/barcode_video_scanner";
import { useBus, useService } from "@web/core/utils/hooks";
import { Component, useState } from "@odoo/owl";

const REFUSALS = [
    "odoo.exceptions.UserError",
    "odoo.exceptions.AccessError",
    "odoo.exceptions.ValidationError",
];

/** The sentence of a refusal of the server; anything else is thrown on. */
export function refusalOf(error) {
    if (!REFUSALS.includes(error.exceptionName)) {
        throw error;
    }
    return error.data.message;
}

/** Takes a code from a scanner, the camera or the keyboard and hands it on. */
export class CareScanBox extends Component {
    static template = "patient_care_coordination.ScanBox";
    static props = { hint: String, onScan: Function };

    setup() {
        this.state = useState({ typed: "" });
        this.hasCamera = isBarcodeScannerSupported();
        useBus(useService("barcode").bus, "barcode_scanned", (ev) =>
            this.props.onScan(ev.detail.barcode),
        );
    }
    onKeydown(ev) {
        if (ev.key === "Enter") {
            this.onTyped();
        }
    }
    onTyped() {
        const code = this.state.typed.trim();
        this.state.typed = "";
        if (code) {
            this.props.onScan(code);
        }
    }
    async onCamera() {
        const code = await scanBarcode(this.env, "environment");
        if (code) {
            this.props.onScan(code);
        }
    }
}
