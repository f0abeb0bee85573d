"""A POP3 server (RFC 1939) on loopback that serves the messages it is given."""

import socketserver
import threading


class _Session(socketserver.StreamRequestHandler):
    def reply(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def send_lines(self, head, lines):
        self.reply(head)
        for line in lines:
            self.wfile.write((b"." if line.startswith(b".") else b"") + line + b"\r\n")
        self.wfile.write(b".\r\n")

    def handle(self):
        messages, deleted = self.server.messages, set()
        self.reply("+OK ready")
        for raw in self.rfile:
            command, _, argument = raw.decode().strip().partition(" ")
            command = command.upper()
            if command in ("USER", "PASS", "NOOP"):
                self.reply("+OK")
            elif command == "STAT":
                self.reply(f"+OK {len(messages)} {sum(map(len, messages))}")
            elif command == "LIST":
                sizes = [b"%d %d" % (i, len(m)) for i, m in enumerate(messages, 1)]
                self.send_lines("+OK", sizes)
            elif command == "RETR":
                self.send_lines("+OK", messages[int(argument) - 1].splitlines())
            elif command == "DELE":
                deleted.add(int(argument) - 1)
                self.reply("+OK")
            elif command == "QUIT":
                self.server.messages = [m for i, m in enumerate(messages) if i not in deleted]
                self.reply("+OK bye")
                return
            else:
                self.reply("-ERR unknown command")


class Pop3Server(socketserver.ThreadingTCPServer):
    """Use as a context manager; ``messages`` are the raw mails that wait to be fetched."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, messages):
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages = messages
        self.port = self.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_details):
        self.shutdown()
        self.server_close()
