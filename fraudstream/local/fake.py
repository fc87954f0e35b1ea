"""fakeredis' TCP server as a program of its own, for a demo on a machine that has no Redis at all; it keeps nothing."""

import sys

from fakeredis import TcpFakeServer

from fraudstream.local.ports import HOST


def main(port: int) -> None:
    with TcpFakeServer((HOST, port), server_type="redis") as server:
        server.daemon_threads = True
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
