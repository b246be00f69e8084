# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks, with the programs that make them written down instead of run."""

import os
import pathlib
import signal

from harness import Vm, check, equal, fails, until, variants

INTERFACE = "org.mullion.Network1"


class Network:
    def __init__(self, manager, path):
        self.manager, self.path = manager, path

    def call(self, method, signature="()", *args):
        return self.manager.call(method, signature, *args, path=self.path, interface=INTERFACE)

    def get(self, name):
        return self.manager.get(self.path, INTERFACE, name)


def default(m):
    return Network(m, "/org/mullion/Manager1/network/default")


def create(m, name, **settings):
    return Network(m, m.call("CreateNetwork", "(sa{sv})", name, variants(settings)))


def test_default_network(m):
    network = default(m)
    equal((network.get("Mode"), network.get("Bridge"), network.get("Active")), ("nat", "mbr-default", False))
    check(network.get("Address").startswith("10."))
    address = network.get("Address")
    m.restart()
    equal(default(m).get("Address"), address)


def test_first_vm_brings_it_up(m):
    vm = m.create("one", nics=[{}])
    other = m.create("two", nics=[{}])
    vm.job("Start", "(a{sv})", {})
    equal((default(m).get("Active"), m.domain_key(vm.domain, "bridges")), (True, "mbr-default"))
    lines = m.programs()
    rules, up = lines.index("nft -f -"), next(i for i, line in enumerate(lines) if line.endswith("mbr-default up"))
    check(rules < up, "the bridge is up before its rules are there")
    check(any("masquerade" in line for line in lines))
    other.job("Start", "(a{sv})", {})
    equal(sum(line.startswith("dnsmasq") for line in m.programs()), 1, "one server is enough")
    fails("InUse", default(m).call, "Stop")
    fails("InUse", default(m).call, "SetSettings", "(a{sv})", {})
    for one in (vm, other):
        one.job("ForceOff")
    pid = int((m.run / "default.pid").read_text())
    default(m).call("Stop")
    equal(default(m).get("Active"), False)
    check("ip link delete dev mbr-default" in m.programs() and "nft delete table inet mullion-default" in m.programs())
    until(lambda: not pathlib.Path(f"/proc/{pid}/cmdline").exists() or not
          pathlib.Path(f"/proc/{pid}/cmdline").read_bytes(), "the server's end", 5)


def test_server_that_died_is_started_again(m):
    default(m).call("Start")
    os.kill(int((m.run / "default.pid").read_text()), signal.SIGKILL)
    until(lambda: not pathlib.Path(f"/proc/{(m.run / 'default.pid').read_text().strip()}/cmdline").exists() or True, "")
    until(lambda: not _alive(m), "its end", 5)
    default(m).call("Start")
    equal(sum(line.startswith("dnsmasq") for line in m.programs()), 2)


def _alive(m):
    try:
        return bool(pathlib.Path(f"/proc/{(m.run / 'default.pid').read_text().strip()}/cmdline").read_bytes())
    except OSError:
        return False


def test_network_fails(m):
    vm = m.create("one", nics=[{}])
    for program in ("nft", "dnsmasq", "ip"):
        (m.folder / f"fail-{program}").touch()
        message = fails("Failed", vm.job, "Start", "(a{sv})", {})
        check("default" in message and "injected" in message, message)
        (m.folder / f"fail-{program}").unlink()
    equal((vm.state, m.domains()), ("stopped", []))
    vm.job("Start", "(a{sv})", {})


def test_rules_that_fail_late(m):
    """A network that is up has its rules refreshed while the domain is built; no guest runs without them."""
    first, second = m.create("one", nics=[{}]), m.create("two", nics=[{}])
    first.job("Start", "(a{sv})", {})
    (m.fake / "ran").unlink(missing_ok=True)
    (m.folder / "fail-nft").touch()
    m.inject(create={"delay": 300})
    message = fails("Failed", second.job, "Start", "(a{sv})", {})
    check(message.startswith("two: network default: ") and "injected" in message, message)
    equal((second.state, m.domains()), ("stopped", [first.domain]))
    check(not (m.fake / "ran").exists(), "the guest ran")
    (m.folder / "fail-nft").unlink()
    begun = len(m.programs())
    m.inject(create={"delay": 2000})
    job = second.call("Start", "(a{sv})", {})
    until(lambda: "nft -f -" in m.programs()[begun:], "the rules while the domain is built", 1.5)
    m.done(job)
    equal(second.state, "running")


def test_isolated(m):
    network = create(m, "quiet", mode="isolated", address="192.168.77.1/28")
    network.call("Start")
    text = "\n".join(m.programs())
    check("masquerade" not in text and "ip_forward" not in text and "--no-resolv" in text and "--dhcp-option=3" in text)
    check('iifname "mbr-quiet" drop' in text)
    check("--dhcp-range=192.168.77.2,192.168.77.14,12h" in text, text)
    fails("InvalidState", network.call, "SetSettings", "(a{sv})", variants({"address": "10.99.0.1/24"}))
    network.call("Stop")
    network.call("SetSettings", "(a{sv})", variants({"address": "10.99.0.1/24", "autostart": True}))
    equal((network.get("Address"), network.get("Autostart")), ("10.99.0.1/24", True))
    m.restart()
    until(lambda: Network(m, network.path).get("Active"), "autostart")


def test_bridge(m):
    network = create(m, "lan", mode="bridge", bridge="br0")
    vm = m.create("one", nics=[{"network": "lan"}])
    check("br0" in fails("NotFound", vm.job, "Start", "(a{sv})", {}))
    (m.folder / "link-br0").touch()
    vm.job("Start", "(a{sv})", {})
    equal((m.domain_key(vm.domain, "bridges"), network.get("Address")), ("br0", ""))
    check(not any(line.startswith(("nft", "dnsmasq", "ip addr", "ip link set")) for line in m.programs()),
          "an existing bridge is left alone")


def test_network_errors(m):
    create(m, "a.b-c_d", mode="nat")
    check(any(path.endswith("/network/a_2eb_2dc_5fd") for path in m.objects()))
    bad = ({"mode": "x"}, {"mode": "bridge"}, {"mode": "bridge", "bridge": "a/b"}, {"mode": "bridge", "bridge": "x" * 16},
           {"address": "10.1.1.1"}, {"address": "10.1.1.1/30"}, {"address": "300.1.1.1/24"}, {"foo": "x"}, {"autostart": "x"},
           {"mode": 5})
    for settings in bad:
        fails("InvalidArgument", create, m, "bad", **settings)
    for name in ("", "a/b", "x" * 64):
        fails("InvalidArgument", create, m, name)
    fails("Exists", create, m, "default")
    vm = m.create("one", nics=[{"network": "nope"}])
    fails("NotFound", vm.call, "Start", "(a{sv})", {})
    equal(vm.call("GetSettings")["nics"][0]["network"], "nope")


def test_delete_network(m):
    network = create(m, "extra")
    vm = m.create("one", nics=[{"network": "extra"}])
    check("one" in fails("InUse", network.call, "Delete"))
    vm.job("Delete", "(a{sv})", {})
    network.call("Delete")
    check(network.path not in m.objects() and not (m.state / "networks/extra.network").exists())
    addresses = {create(m, name).get("Address") for name in ("n1", "n2", "n3")}
    equal(len(addresses), 3, "two networks of one address")
    (m.state / "networks/bad.network").write_text("[network]\nformat=9\n")
    m.restart()
    equal([name for name, _ in m.get("/org/mullion/Manager1", "org.mullion.Manager1", "Broken")], ["bad.network"])


def test_leases(m):
    equal(default(m).call("GetLeases"), [])
    (m.run / "default.leases").write_text("1700000000 00:16:3e:00:00:01 10.7.0.9 debian 01:00\n"
                                          "1700000000 00:16:3e:00:00:02 10.7.0.10 * *\nnonsense\n")
    equal(default(m).call("GetLeases"), [("00:16:3e:00:00:01", "10.7.0.9", "debian"),
                                         ("00:16:3e:00:00:02", "10.7.0.10", "")])
