"""An SMTP server (RFC 5321) on loopback that keeps the messages it is given."""

import socketserver
import threading


class _Session(socketserver.StreamRequestHandler):
    def reply(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.reply("220 ready")
        for raw in self.rfile:
            command = raw.decode().strip().upper()
            if command.startswith("DATA"):
                self.reply("354 go ahead")
                self.server.take(self.read_message())
                self.reply("250 taken")
            elif command.startswith("QUIT"):
                self.reply("221 bye")
                return
            else:
                self.reply("250 OK")

    def read_message(self):
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line)
        return b"".join(lines)


class SmtpServer(socketserver.ThreadingTCPServer):
    """Use as a context manager; ``messages`` are the raw mails that were taken.

    ``taken``, if given, is called with their number after each, before the sender hears of it.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, taken=None):
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages, self.taken = [], taken
        self.port = self.server_address[1]

    def take(self, message):
        self.messages.append(message)
        if self.taken:
            self.taken(len(self.messages))

    def handle_error(self, request, client_address):
        """The sender that was killed does not hear that its mail was taken."""

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_details):
        self.shutdown()
        self.server_close()
