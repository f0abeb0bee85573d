import { Message } from "@mail/core/common/message_model";
import { patch } from "@web/core/utils/patch";

patch(Message.prototype, {
    /** The server refuses to change a message of an inquiry, so nothing offers it. */
    get editable() {
        return !this.care_kept && super.editable;
    },
});
