"""Runs a command on a pseudo-terminal of so many columns: what is typed comes on stdin, what is shown goes to stdout."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

columns, command = int(sys.argv[1]), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
sources = [terminal, 0]
while True:
    ready = select.select(sources, [], [])[0]
    if terminal in ready:
        try:
            shown = os.read(terminal, 65_536)
        except OSError:
            break
        if not shown:
            break
        os.write(1, shown)
    if 0 in ready:
        typed = os.read(0, 65_536)
        if typed:
            os.write(terminal, typed)
        else:
            sources.remove(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) % 256)
