#!/usr/bin/env python3
"""Clients as bad as they come: load_test.py SITE

1,000 connections at once, among them slow readers, half requests, pipelines and nonsense, while the server shows 5,000
services of 20 servers. Bounded means: everybody well-behaved is still answered, soon, and memory stays where it was.
"""

import socket
import subprocess
import sys
import time
import urllib.request


def resident(pid):
    """MiB"""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) // 1024
    return 0


def best_of(url, times=7):
    """Seconds; the snapshot is published anew before each, so that nothing comes from the cache."""
    best = 9.0
    for _ in range(times):
        site.stdin.write("up\n")
        site.stdin.flush()
        time.sleep(0.05)
        started = time.monotonic()
        with urllib.request.urlopen(url, timeout=20) as answer:
            answer.read()
        best = min(best, time.monotonic() - started)
    return best


def connect(host, port):
    client = socket.create_connection((host, port), timeout=5)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return client


site = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
url = site.stdout.readline().strip()
host, port = url.removeprefix("http://").rstrip("/").split(":")
try:
    site.stdin.write("large\n")
    site.stdin.flush()
    time.sleep(3)
    for path, limit in (("v1/status?summary", 0.005), ("metrics", 0.150), ("v1/status", 0.5),
                        ("v1/services?limit=1000000", 3.0)):
        took = best_of(url + path)
        print(f"{path}: {took * 1000:.1f} ms, limit {limit * 1000:.0f} ms")
        assert took < limit, f"{path} took {took:.3f} s"

    before = resident(site.pid)
    clients = []
    for number in range(1000):
        client = connect(host, int(port))
        kind = number % 5
        if kind == 0:    # asks for everything and does not read it
            client.sendall(b"GET /v1/services?limit=%d HTTP/1.1\r\nHost: x\r\n\r\n" % (1000000 + number))
        elif kind == 1:  # never ends its request
            client.sendall(b"GET /v1/status HTTP/1.1\r\nX: ")
        elif kind == 2:  # a pipeline
            client.sendall(b"GET /v1/status?summary HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        elif kind == 3:  # follows events
            client.sendall(b"GET /v1/events?changes HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
        else:            # nonsense
            client.sendall(b"\x16\x03\x01\x02\x00\x01" * 50 + b"\r\n\r\n")
        clients.append(client)
    worst = 0.0
    for _ in range(20):
        started = time.monotonic()
        with urllib.request.urlopen(url + "healthz", timeout=60) as answer:
            assert answer.status == 200
        worst = max(worst, time.monotonic() - started)
    after = resident(site.pid)
    print(f"1,000 clients: healthz answered within {worst * 1000:.0f} ms, memory {before} -> {after} MiB")
    assert after - before < 600, "memory is not bounded"
    more = [connect(host, int(port)) for _ in range(300)]
    with urllib.request.urlopen(url + "healthz", timeout=20) as answer:
        assert answer.status == 200
    print("1,300 clients: still answered")
    for client in clients + more:
        client.close()
    # A slow reader is cut off after 10 s without progress.
    time.sleep(12)
    with urllib.request.urlopen(url + "v1/services?limit=1000000", timeout=20) as answer:
        assert answer.status == 200
    print(f"afterwards: {resident(site.pid)} MiB")
finally:
    site.stdin.close()
    site.wait(timeout=20)
